-- Numbers a snapshot of the signals.
--
-- Guarantee: fenced by the leader's term; the number is greater than every earlier one; a reader of the hash sees
--   number, instant and content of one snapshot.
-- KEYS: slot hash, leader hash, signals hash (number, at, writer, content).
-- ARGV: coordinator, term, content (at most 64 KiB).
-- Returns: {'written', number} or {'fenced', term}.
-- Complexity: O(bytes).

register('signals', { 'allow-oom' }, function(keys, args)
  if #keys ~= 3 or #args ~= 3 or #args[3] > 65536 then
    return redis.error_reply('NSBAD expected signals with 3 keys and at most 64 KiB of content')
  end
  local fault = expect_type(keys[1], 'hash') or expect_type(keys[2], 'hash') or expect_type(keys[3], 'hash')
  if fault then return fault end
  local now = server_ms()
  local leader = read_leader(keys[2])
  if not may_write(leader, args[1], args[2], now) then return { 'fenced', leader[2] or '0' } end
  local number = string.format('%.0f', rising(redis.call('HGET', keys[1], 'signals'), now))
  redis.call('HSET', keys[3], 'number', number, 'at', now, 'writer', args[1], 'content', args[3])
  redis.call('HSET', keys[1], 'signals', number)
  return { 'written', number }
end)
