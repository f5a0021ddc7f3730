-- Keeps what partitions' weeks usually look like.
--
-- Guarantee: refused unless the writer holds the leader's lease with this term. Everything is checked before the first
--   write.
-- KEYS: leader hash, profiles hash (partition -> its week as text, opaque here).
-- ARGV: coordinator, term, then 1 to 100 pairs of partition and text of at most 2 KiB.
-- Returns: {'written', how many} or {'fenced', term}.
-- Complexity: O(bytes).

register('profiles', { 'allow-oom' }, function(keys, args)
  local count = (#args - 2) / 2
  if #keys ~= 2 or count < 1 or count > 100 or count ~= math.floor(count) then
    return redis.error_reply('NSBAD expected profiles with 2 keys and 1 to 100 pairs')
  end
  for index = 4, #args, 2 do
    if #args[index] > 2048 then return redis.error_reply('NSBAD expected a profile of at most 2 KiB') end
  end
  local fault = expect_type(keys[1], 'hash') or expect_type(keys[2], 'hash')
  if fault then return fault end
  local now = server_ms()
  local leader = read_leader(keys[1])
  if not may_write(leader, args[1], args[2], now) then return { 'fenced', leader[2] or '0' } end
  redis.call('HSET', keys[2], unpack(args, 3))
  return { 'written', count }
end)
