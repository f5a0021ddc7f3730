-- A process that is no worker says that it lives and what it knows of.
--
-- Guarantee: the record holds by the server's clock from this call on. A process is its name and incarnation, so nobody
--   renews or ends another's. Records that do not hold go for a new one; beyond the most that hold nobody is let in.
-- KEYS: releases hash (process -> beat|until|feature|role|version).
-- ARGV: process, ms for which the record holds (0 ends it), most, feature level, role, version.
-- Returns: {'ok' | 'full', now}.
-- Complexity: O(1); O(processes) for a new one.

-- Those whose time is over, and those from before the clock was set back.
local function over(records, now)
  local found = {}
  for index = 1, #records, 2 do
    local beat, ends = string.match(records[index + 1], '^(%d+)|(%d+)|')
    beat, ends = tonumber(beat), tonumber(ends)
    if not beat or not ends or beat > now or ends <= now then found[#found + 1] = records[index] end
  end
  return found
end

register('attend', { 'allow-oom' }, function(keys, args)
  local id, lasts, most = args[1], tonumber(args[2]), tonumber(args[3])
  if #keys ~= 1 or #args ~= 6 or not lasts or lasts < 0 or not most then
    return redis.error_reply('NSBAD expected attend with 1 key and 6 arguments')
  end
  local fault = expect_type(keys[1], 'hash')
  if fault then return fault end
  local now = server_ms()
  if lasts == 0 then
    redis.call('HDEL', keys[1], id)
    return { 'ok', now }
  end
  if redis.call('HEXISTS', keys[1], id) == 0 then
    local records = redis.call('HGETALL', keys[1])
    local gone = over(records, now)
    if #records / 2 - #gone >= most then return { 'full', now } end
    for _, other in ipairs(gone) do redis.call('HDEL', keys[1], other) end
  end
  local record = { string.format('%.0f', now), string.format('%.0f', now + lasts), args[4], args[5], args[6] }
  redis.call('HSET', keys[1], id, table.concat(record, '|'))
  return { 'ok', now }
end)
