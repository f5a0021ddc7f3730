-- Stores a policy bundle as the one in force.
--
-- Guarantee: compare and set. Refused unless the number in force is the expected one, so that two people who publish at
--   a time cannot undo each other unseen. The same content again changes nothing. The latest 32 bundles stay.
-- KEYS: slot hash, policies hash (number -> 32 bytes SHA-256 and the bundle).
-- ARGV: expected number, SHA-256 (32 bytes), bundle (at most 16 MiB), channel that wakes readers.
-- Returns: {'published' | 'same' | 'moved', number in force}.
-- Complexity: O(bytes).

register('publish', { 'allow-oom' }, function(keys, args)
  if #keys ~= 2 or #args ~= 4 or #args[2] ~= 32 or #args[3] < 1 or #args[3] > 16777216 then
    return redis.error_reply('NSBAD expected publish with 2 keys, a number, 32 bytes and a bundle of up to 16 MiB')
  end
  for _, key in ipairs(keys) do
    local type = redis.call('TYPE', key).ok
    if type ~= 'none' and type ~= 'hash' then return redis.error_reply('NSBAD expected ' .. key .. ' to be a hash') end
  end
  local current = redis.call('HGET', keys[1], 'policy') or '0'
  local there = redis.call('HGET', keys[2], current)
  if there and string.sub(there, 1, 32) == args[2] then return { 'same', current } end
  if current ~= args[1] then return { 'moved', current } end
  local number = tonumber(current) + 1
  local oldest = number - 31
  for _, kept in ipairs(redis.call('HKEYS', keys[2])) do
    if tonumber(kept) < oldest then redis.call('HDEL', keys[2], kept) end
  end
  redis.call('HSET', keys[2], number, args[2] .. args[3])
  redis.call('HSET', keys[1], 'policy', number)
  redis.call('SPUBLISH', args[4], 'policy')
  return { 'published', decimal(number) }
end)
