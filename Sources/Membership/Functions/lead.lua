-- Takes, renews or lays down the leader's lease.
--
-- Guarantee: at most one lease at a time, by the server's clock; a new leader's term is greater than every earlier one,
--   also after a fail-over that lost the last term. A leader whose lease ended gets a new term like anybody else. A
--   coordinator that bears the leader's name, but another incarnation, has the lease of a leader that did not renew it
--   for half of it: that one most likely crashed and was started again. If it lives, its writes carry an old term.
-- KEYS: slot hash, leader hash (id, term, until, lease).
-- ARGV: coordinator, lease ms (0 lays it down), gap ms, feature level that all living members have (0: unknown),
--   channel that wakes members and other coordinators.
-- Returns: {'leading' | 'following', state…}.
-- Complexity: O(1).

local function name_of(id)
  return string.match(id, '^[^#]*')
end

register('lead', { 'allow-oom' }, function(keys, args)
  local id, lease, gap, features = args[1], tonumber(args[2]), tonumber(args[3]), tonumber(args[4])
  if #keys ~= 2 or #args ~= 5 or not lease or lease < 0 or not gap or gap < 1 or not features then
    return redis.error_reply('NSBAD expected lead with 2 keys and 5 arguments')
  end
  local now = server_ms()
  local slot, leader = read_slot(keys[1]), read_leader(keys[2])
  local held = leads(leader, now)
  if held and lease > 0 and leader[1] ~= id and name_of(leader[1]) == name_of(id) then
    held = now < tonumber(leader[3]) - tonumber(leader[4]) / 2
  end
  local since = contact(keys[1], slot, now, gap)
  if held and leader[1] ~= id then
    return { 'following', unpack(state(slot, leader, now, since)) }
  end
  if lease == 0 then
    if held then
      redis.call('HSET', keys[2], 'until', 0)
      redis.call('SPUBLISH', args[5], 'leader')
    end
    return { 'following', unpack(state(slot, read_leader(keys[2]), now, since)) }
  end
  local term = held and leader[2] or string.format('%.0f', rising(leader[2], now))
  redis.call('HSET', keys[2], 'id', id, 'term', term, 'until', now + lease, 'lease', lease)
  if features > (tonumber(slot[7]) or 0) then
    redis.call('HSET', keys[1], 'features', features)
    slot[7] = args[4]
  end
  return { 'leading', unpack(state(slot, read_leader(keys[2]), now, since)) }
end)
