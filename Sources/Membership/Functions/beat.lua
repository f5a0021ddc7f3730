-- A member's heartbeat: renews its lease and tells it what the control slot says.
--
-- Guarantee: the lease runs by the server's clock from the moment of this call. A member is its name and incarnation, so
--   nobody renews another's. Written before anything is answered. Only members whose lease holds count against the most:
--   if the list is full of others too, the one whose lease ended longest ago goes for a new one.
-- KEYS: slot hash, leader hash, members hash (member -> beat|until|feature|runners|busy|backlog|held|leaving|version).
-- ARGV: member, lease ms, gap ms, most members, leaving 0 or 1, feature level, runners, busy, backlog, held, version,
--   channel that wakes the leader when a member comes or wants to go.
-- Returns: {'ok', state…} or, beyond the most members, {'full', state…}.
-- Complexity: O(1); O(members) for a new member while the list is full.

-- Nil if every record is of a member that lives; else the one to go first: one that cannot be read, or longest dead.
local function longest_dead(members, now)
  local found, least
  local records = redis.call('HGETALL', members)
  for index = 1, #records, 2 do
    local beat, ends = string.match(records[index + 1], '^(%d+)|(%d+)|')
    beat, ends = tonumber(beat) or 0, tonumber(ends) or 0
    if not (beat <= now and now < ends) and (not least or ends < least) then
      found, least = records[index], ends
    end
  end
  return found
end

register('beat', { 'allow-oom' }, function(keys, args)
  local id, lease, gap, most = args[1], tonumber(args[2]), tonumber(args[3]), tonumber(args[4])
  if #keys ~= 3 or #args ~= 12 or not lease or lease < 1 or not gap or gap < 1 or not most then
    return redis.error_reply('NSBAD expected beat with 3 keys and 12 arguments')
  end
  -- All three are read, and thereby checked, before anything is written.
  local now = server_ms()
  local slot, leader, known = read_slot(keys[1]), read_leader(keys[2]), read(keys[3], 'HGET', id)
  local dead = nil
  local is_full = not known and redis.call('HLEN', keys[3]) >= most
  if is_full then dead = longest_dead(keys[3], now) end
  local since = contact(keys[1], slot, now, gap)
  if is_full and not dead then return { 'full', unpack(state(slot, leader, now, since)) } end
  local record = table.concat(
    { string.format('%.0f', now), string.format('%.0f', now + lease), args[6], args[7], args[8], args[9], args[10],
      args[5], args[11] }, '|')
  if dead then redis.call('HDEL', keys[3], dead) end
  redis.call('HSET', keys[3], id, record)
  if not known or args[5] == '1' then redis.call('SPUBLISH', args[12], 'members') end
  return { 'ok', unpack(state(slot, leader, now, since)) }
end)
