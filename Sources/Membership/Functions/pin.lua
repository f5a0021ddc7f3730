-- Writes with which member lanes are to be for a while, or removes such wishes.
--
-- Guarantee: everything is checked before the first write; an end is counted by the server's clock. Whether the member lives
--   is not asked here: a pin to one that is dead goes with the leader's next round.
-- KEYS: slot hash, pins hash (lane -> member|until|since|by).
-- ARGV: most pins, milliseconds from now (0 removes), member, who says so, channel that wakes the leader, then 1 to 1,000
--   lanes.
-- Returns: {'done', how many are new or went} or {'full', pins there are}.
-- Complexity: O(lanes named).

register('pin', { 'allow-oom' }, function(keys, args)
  local most, ms = tonumber(args[1]), tonumber(args[2])
  if #keys ~= 2 or #args < 6 or #args > 1005 or not most or not ms or ms < 0 then
    return redis.error_reply('NSBAD expected pin with 2 keys, a bound, a time and 1 to 1000 lanes')
  end
  local fault = expect_type(keys[1], 'hash') or expect_type(keys[2], 'hash')
  if fault then return fault end
  local now, new = server_ms(), 0
  for index = 6, #args do new = new + 1 - redis.call('HEXISTS', keys[2], args[index]) end
  local there = redis.call('HLEN', keys[2])
  if ms > 0 and there + new > most then return { 'full', there } end
  local number = string.format('%.0f', rising(redis.call('HGET', keys[1], 'pins'), now))
  local record = args[3] .. '|' .. string.format('%.0f', now + ms) .. '|' .. string.format('%.0f', now) .. '|' .. args[4]
  for index = 6, #args do
    if ms > 0 then
      redis.call('HSET', keys[2], args[index], record)
    else
      redis.call('HDEL', keys[2], args[index])
    end
  end
  redis.call('HSET', keys[1], 'pins', number)
  redis.call('SPUBLISH', args[5], 'pins')
  return { 'done', ms > 0 and new or #args - 5 - new }
end)
