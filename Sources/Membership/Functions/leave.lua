-- Takes members off the list: one that goes by itself, or, by the leader, those whose lease ended.
--
-- Guarantee: the leader's call is fenced by its term and removes nobody who beat again meanwhile.
-- KEYS: leader hash, members hash.
-- ARGV: coordinator ('' if the member itself calls), term, channel that wakes the leader, then 1 to 1,000 members.
-- Returns: {'left', how many} or {'fenced', term}.
-- Complexity: O(members named).

register('leave', { 'allow-oom' }, function(keys, args)
  if #keys ~= 2 or #args < 4 or #args > 1003 then
    return redis.error_reply('NSBAD expected leave with 2 keys and 1 to 1000 members')
  end
  local fault = expect_type(keys[1], 'hash') or expect_type(keys[2], 'hash')
  if fault then return fault end
  local now = server_ms()
  local expels = args[1] ~= ''
  if expels then
    local leader = read_leader(keys[1])
    if not may_write(leader, args[1], args[2], now) then return { 'fenced', leader[2] or '0' } end
  end
  local left = 0
  for index = 4, #args do
    local record = redis.call('HGET', keys[2], args[index])
    local beat, ends = string.match(record or '', '^(%d+)|(%d+)|')
    local is_current = beat and tonumber(beat) <= now and now < tonumber(ends)
    if record and not (expels and is_current) then
      left = left + redis.call('HDEL', keys[2], args[index])
    end
  end
  if left > 0 then redis.call('SPUBLISH', args[3], 'members') end
  return { 'left', left }
end)
