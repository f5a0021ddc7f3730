-- Creates the partitions, accounts and desks that the topology lacks.
--
-- Guarantee: all or nothing. What is there and differs from what is wished is named, and then nothing is written;
--   what is there and agrees stays as it is, with its generation.
-- KEYS: slot hash, namespace hash (virtual, offset), partitions hash (name -> generation|market|zone|lanes), accounts
--   hash (id -> generation|partition), desks hash (team -> generation).
-- ARGV: virtual 0 or 1 ('' as it is, 0 for a new namespace), clock offset ms of a new namespace, channel that wakes readers, count of partitions, (name,
--   market, zone, lanes)*, count of accounts, (id, partition)*, count of desks, team*. At most 20,000 in all.
-- Returns: {number, created, disagreement…}, a disagreement as 'kind|name|what is there|what was wished'.
-- Complexity: O(what is wished).

local function differences(keys, wish)
  local found = {}
  local is_virtual = redis.call('HGET', keys[2], 'virtual')
  if is_virtual and wish.virtual ~= '' and is_virtual ~= wish.virtual then
    table.insert(found, 'namespace|virtual|' .. is_virtual .. '|' .. wish.virtual)
  end
  for name, value in pairs(wish.partitions) do
    local there = redis.call('HGET', keys[3], name)
    local attributes = there and string.match(there, '^%d+|(.*)$')
    if there and attributes ~= value then table.insert(found, 'partition|' .. name .. '|' .. attributes .. '|' .. value) end
  end
  for id, partition in pairs(wish.accounts) do
    local there = redis.call('HGET', keys[4], id)
    local current = there and string.match(there, '^%d+|(.*)$')
    if there and current ~= partition then table.insert(found, 'account|' .. id .. '|' .. current .. '|' .. partition) end
    if not wish.partitions[partition] and redis.call('HEXISTS', keys[3], partition) == 0 then
      table.insert(found, 'account|' .. id .. '|no such partition|' .. partition)
    end
  end
  table.sort(found)
  return found
end

local function read_wish(args)
  local wish = { virtual = args[1], partitions = {}, accounts = {}, desks = {} }
  local at = 4
  local function count()
    local number = tonumber(args[at])
    at = at + 1
    return number
  end
  for _ = 1, count() or 0 do
    wish.partitions[args[at]] = args[at + 1] .. '|' .. args[at + 2] .. '|' .. args[at + 3]
    at = at + 4
  end
  for _ = 1, count() or 0 do
    wish.accounts[args[at]] = args[at + 1]
    at = at + 2
  end
  for _ = 1, count() or 0 do
    wish.desks[args[at]] = true
    at = at + 1
  end
  return wish, at == #args + 1
end

register('topology', { 'allow-oom' }, function(keys, args)
  if #keys ~= 5 or #args < 6 or #args > 80010 or not tonumber(args[2]) then
    return redis.error_reply('NSBAD expected topology with 5 keys and its counted lists')
  end
  for _, key in ipairs(keys) do
    local type = redis.call('TYPE', key).ok
    if type ~= 'none' and type ~= 'hash' then return redis.error_reply('NSBAD expected ' .. key .. ' to be a hash') end
  end
  local wish, is_whole = read_wish(args)
  if not is_whole then return redis.error_reply('NSBAD expected lists as long as their counts') end
  local number = redis.call('HGET', keys[1], 'topology') or '0'
  local found = differences(keys, wish)
  if #found > 0 then
    local reply = { number, 0 }
    for index = 1, math.min(#found, 1000) do reply[index + 2] = found[index] end
    return reply
  end
  local created = redis.call('HSETNX', keys[2], 'virtual', wish.virtual == '' and '0' or wish.virtual)
  redis.call('HSETNX', keys[2], 'offset', args[2])
  for name, value in pairs(wish.partitions) do created = created + redis.call('HSETNX', keys[3], name, '1|' .. value) end
  for id, value in pairs(wish.accounts) do created = created + redis.call('HSETNX', keys[4], id, '1|' .. value) end
  for team in pairs(wish.desks) do created = created + redis.call('HSETNX', keys[5], team, '1') end
  if created > 0 then
    number = decimal(math.max(tonumber(number) + 1, server_ms()))
    redis.call('HSET', keys[1], 'topology', number)
    redis.call('SPUBLISH', args[3], 'topology')
  end
  return { number, created }
end)
