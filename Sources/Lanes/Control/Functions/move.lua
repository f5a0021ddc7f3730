-- A resize of a partition or a move of an account: what is wished, begun, switched over and done.
--
-- Guarantee: one that touches a partition at a time. What was begun stands until it is finished, so whoever begins it
--   again carries on. From `planned` it goes to `switched` or to `abandoning`, never from one of these to the other:
--   whoever takes back lanes knows that the topology stays the old one. Numbers rise. `switch` changes the topology in one
--   step, and only for the move that stands there.
-- KEYS: slot hash, partitions hash (name -> generation|market|zone|lanes), accounts hash (id -> generation|partition),
--   moves hash (partition -> number|planned, switched or abandoning|resize or account|name|from|to|generation),
--   retired hash (lane -> instant in ms).
-- ARGV: verb, channel that wakes readers, then begin: resize or account, name, lanes or partition; switch, finish and
--   abandon: partition that stands in the moves, its text as it was read.
-- Returns: {begun or under, text} | {same} | {missing, what} | {busy, text} | {switched or abandoning, text}
--   | {finished} | {gone}.
-- Complexity: O(moves + lanes retired).

local function split(text)
  local parts = {}
  for part in string.gmatch((text or '') .. '|', '([^|]*)|') do parts[#parts + 1] = part end
  return parts
end

-- The partitions that a move touches.
local function touched(parts)
  if parts[3] == 'resize' then return { [parts[4]] = true } end
  return { [parts[5]] = true, [parts[6]] = true }
end

local verbs = {}

function verbs.begin(keys, args)
  local kind, name, to = args[3], args[4], args[5]
  if kind == 'resize' then
    if whole(to, 1024, 'move lanes') < 1 then bad('move lanes', '1 to 1024', to) end
  elseif kind ~= 'account' then
    bad('move', 'resize or account', kind)
  end
  local there = redis.call('HGET', kind == 'resize' and keys[2] or keys[3], name)
  if not there then return { 'missing', name } end
  local facts = split(there)
  local from = kind == 'resize' and facts[4] or facts[2]
  local source = kind == 'resize' and name or from
  if kind == 'account' and redis.call('HEXISTS', keys[2], to) == 0 then return { 'missing', to } end
  local wished = touched({ '', '', kind, name, from, to })
  local standing = redis.call('HGETALL', keys[4])
  for i = 1, #standing, 2 do
    local parts = split(standing[i + 1])
    if parts[3] == kind and parts[4] == name and parts[6] == to then return { 'under', standing[i + 1] } end
    for partition in pairs(touched(parts)) do
      if wished[partition] then return { 'busy', standing[i + 1] } end
    end
  end
  if from == to then return { 'same' } end
  local generation = tonumber(split(redis.call('HGET', keys[2], source))[1]) + 1
  local number = decimal(math.max(tonumber(redis.call('HGET', keys[1], 'move') or 0) + 1, server_ms()))
  redis.call('HSET', keys[1], 'move', number)
  local text = table.concat({ number, 'planned', kind, name, from, to, decimal(generation) }, '|')
  redis.call('HSET', keys[4], source, text)
  return { 'begun', text }
end

local function switch_resize(keys, parts)
  local facts = split(redis.call('HGET', keys[2], parts[4]))
  local from, to = tonumber(parts[5]), tonumber(parts[6])
  if tonumber(facts[4]) ~= from then return false end
  redis.call('HSET', keys[2], parts[4], table.concat({ parts[7], facts[2], facts[3], parts[6] }, '|'))
  for n = from, to - 1 do redis.call('HDEL', keys[5], parts[4] .. '.' .. decimal(n)) end
  for n = to, from - 1 do redis.call('HSET', keys[5], parts[4] .. '.' .. decimal(n), decimal(server_ms())) end
  return true
end

local function switch_account(keys, parts)
  local facts = split(redis.call('HGET', keys[3], parts[4]))
  if facts[2] ~= parts[5] then return false end
  local source = split(redis.call('HGET', keys[2], parts[5]))
  redis.call('HSET', keys[2], parts[5], table.concat({ parts[7], source[2], source[3], source[4] }, '|'))
  redis.call('HSET', keys[3], parts[4], decimal(tonumber(facts[1]) + 1) .. '|' .. parts[6])
  return true
end

local function in_phase(phase, parts)
  return table.concat({ parts[1], phase, parts[3], parts[4], parts[5], parts[6], parts[7] }, '|')
end

function verbs.switch(keys, args)
  local standing = redis.call('HGET', keys[4], args[3])
  local parts = split(args[4])
  local after = in_phase('switched', parts)
  if standing == after then return { 'switched', after } end
  if standing ~= args[4] or parts[2] ~= 'planned' then return { 'gone' } end
  local is_done
  if parts[3] == 'resize' then is_done = switch_resize(keys, parts) else is_done = switch_account(keys, parts) end
  if not is_done then return { 'gone' } end
  redis.call('HSET', keys[4], args[3], after)
  local number = math.max(tonumber(redis.call('HGET', keys[1], 'topology') or 0) + 1, server_ms())
  redis.call('HSET', keys[1], 'topology', decimal(number))
  redis.call('SPUBLISH', args[2], 'topology')
  return { 'switched', after }
end

function verbs.finish(keys, args)
  local standing = redis.call('HGET', keys[4], args[3])
  if not standing then return { 'finished' } end
  if standing ~= args[4] or split(standing)[2] == 'planned' then return { 'gone' } end
  redis.call('HDEL', keys[4], args[3])
  return { 'finished' }
end

function verbs.abandon(keys, args)
  local standing = redis.call('HGET', keys[4], args[3])
  local after = in_phase('abandoning', split(args[4]))
  if standing == after then return { 'abandoning', after } end
  if standing ~= args[4] or split(standing)[2] ~= 'planned' then return { 'gone' } end
  redis.call('HSET', keys[4], args[3], after)
  return { 'abandoning', after }
end

register('move', { 'allow-oom' }, function(keys, args)
  if #keys ~= 5 or not verbs[args[1]] or #args ~= (args[1] == 'begin' and 5 or 4) then
    return redis.error_reply('NSBAD expected move with 5 keys, a verb and its arguments')
  end
  for _, key in ipairs(keys) do
    local type = redis.call('TYPE', key).ok
    if type ~= 'none' and type ~= 'hash' then return redis.error_reply('NSBAD expected ' .. key .. ' to be a hash') end
  end
  return verbs[args[1]](keys, args)
end)
