-- Writes where lanes are to be.
--
-- Guarantee: refused unless the writer holds the leader's lease with this term and has read everything that was
--   written (`expected`). All lanes of one call carry one number, which is greater than every earlier one. Everything is
--   checked before the first write.
-- KEYS: slot hash, leader hash, assignment hash (lane -> member), moved sorted set (lane by the number of its last
--   change).
-- ARGV: coordinator, term, expected number, channel that wakes members, then at most 1,000 pairs of lane and member
--   ('' for nobody).
-- Returns: {'written', number}, {'fenced', term} or {'stale', number}.
-- Complexity: O(pairs · log lanes).

register('assign', { 'allow-oom' }, function(keys, args)
  local pairs_count = (#args - 4) / 2
  if #keys ~= 4 or pairs_count < 1 or pairs_count > 1000 or pairs_count ~= math.floor(pairs_count) then
    return redis.error_reply('NSBAD expected assign with 4 keys and 1 to 1000 pairs')
  end
  local fault = expect_type(keys[1], 'hash') or expect_type(keys[2], 'hash') or expect_type(keys[3], 'hash')
    or expect_type(keys[4], 'zset')
  if fault then return fault end
  local now = server_ms()
  local leader = read_leader(keys[2])
  if not may_write(leader, args[1], args[2], now) then return { 'fenced', leader[2] or '0' } end
  -- Somebody may have edited it: what is no number counts as none, for readers too, and is written anew.
  local current = string.match(redis.call('HGET', keys[1], 'assignment') or '0', '^0*(%d+)$') or '0'
  if #current > 16 then current = '0' end
  if current ~= args[3] then return { 'stale', current } end
  local number = string.format('%.0f', rising(current, now))
  for index = 5, #args, 2 do
    redis.call('HSET', keys[3], args[index], args[index + 1])
    redis.call('ZADD', keys[4], number, args[index])
  end
  redis.call('HSET', keys[1], 'assignment', number)
  redis.call('SPUBLISH', args[4], 'assignment')
  return { 'written', number }
end)
