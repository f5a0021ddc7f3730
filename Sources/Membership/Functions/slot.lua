-- What every control function begins with: the server's clock, types, and since when this slot has been reachable.
--
-- Guarantee: `contact` is called once by every heartbeat and renewal. It sets `since` to now if this server process has
--   not been contacted before (a restart, a fail-over), if the clock was set back, or if nobody came for `gap`. So
--   `now - since` is a time in which everybody that lives could have come back. `reached` is a local of the library: it
--   lives as long as the server's process, which is the point. `seen` is written no more often than sixteen times a gap, so a
--   silence may count as a gap a sixteenth too soon: a thousand members would write it a thousand times a second.
-- KEYS: none of its own; the caller passes `ns:{ctl}:slot`, a hash: seen, since, assignment, policy, signals, topology,
--   features.
-- ARGV: none of its own.
-- Returns: `read_slot` the slot's fields, to be handed to the others; `contact` the instant since when; `state` the ten values
--   that `ControlState` reads.
-- Complexity: O(1).

local reached = false

-- Rises even after a fail-over rolled the last values back.
local function rising(current, now)
  return math.max((tonumber(current) or 0) + 1, now)
end

-- Fails before anything is written if a key holds something else than it should.
local function expect_type(key, type)
  local found = redis.call('TYPE', key).ok
  if found ~= 'none' and found ~= type then
    return redis.error_reply('NSBAD expected ' .. key .. ' to be a ' .. type .. ', it is a ' .. found)
  end
end

-- What a command that only reads answers. A key of another type ends the call by name, like `expect_type`, without a look
-- at the type of every key of every call.
local function read(key, command, ...)
  local reply = redis.pcall(command, key, ...)
  if type(reply) == 'table' and reply.err then error(expect_type(key, 'hash') or reply) end
  return reply
end

local function read_slot(key)
  return read(key, 'HMGET', 'seen', 'since', 'assignment', 'policy', 'signals', 'topology', 'features')
end

local function contact(key, slot, now, gap)
  local seen, since = tonumber(slot[1]), tonumber(slot[2])
  local is_break = not reached or not seen or not since or seen > now or since > now or now - seen > gap
  if is_break then since = now end
  reached = true
  if is_break or now - seen >= gap / 16 then redis.call('HSET', key, 'seen', now, 'since', since) end
  return since
end

-- A lease that ends later than it can have been given for is one from before the clock was set back.
local function leads(leader, now)
  local ends, lease = tonumber(leader[3]), tonumber(leader[4])
  return ends ~= nil and lease ~= nil and ends > now and ends <= now + lease
end

local function read_leader(key)
  return read(key, 'HMGET', 'id', 'term', 'until', 'lease')
end

local function may_write(leader, id, term, now)
  return leader[1] == id and leader[2] == term and leads(leader, now)
end

local function state(slot, leader, now, since)
  local ends = leads(leader, now) and leader[3] or '0'
  return {
    now, since, leader[1] or '', leader[2] or '0', ends,
    slot[3] or '0', slot[4] or '0', slot[5] or '0', slot[6] or '0', slot[7] or '0',
  }
end
