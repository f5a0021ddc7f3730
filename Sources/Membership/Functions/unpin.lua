-- Removes pins that have ended, whose member is dead, or whose lane is out of use.
--
-- Guarantee: refused unless the writer holds the leader's lease with this term; a pin that somebody renewed since the leader
--   read it stays. Everything is checked before the first write.
-- KEYS: slot hash, leader hash, pins hash (lane -> member|until|since|by).
-- ARGV: coordinator, term, then 1 to 1,000 pairs of lane and the record that is to go.
-- Returns: {'left', how many} or {'fenced', term}.
-- Complexity: O(pairs).

register('unpin', { 'allow-oom' }, function(keys, args)
  local count = (#args - 2) / 2
  if #keys ~= 3 or count < 1 or count > 1000 or count ~= math.floor(count) then
    return redis.error_reply('NSBAD expected unpin with 3 keys and 1 to 1000 pairs')
  end
  local fault = expect_type(keys[1], 'hash') or expect_type(keys[2], 'hash') or expect_type(keys[3], 'hash')
  if fault then return fault end
  local now = server_ms()
  local leader = read_leader(keys[2])
  if not may_write(leader, args[1], args[2], now) then return { 'fenced', leader[2] or '0' } end
  local left = 0
  for index = 3, #args, 2 do
    if redis.call('HGET', keys[3], args[index]) == args[index + 1] then
      left = left + redis.call('HDEL', keys[3], args[index])
    end
  end
  if left > 0 then
    redis.call('HSET', keys[1], 'pins', string.format('%.0f', rising(redis.call('HGET', keys[1], 'pins'), now)))
  end
  return { 'left', left }
end)
