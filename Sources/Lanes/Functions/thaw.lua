-- thaw: a frozen lane goes on under its new generation, or is retired.
--
-- Guarantee:  only for the move that froze it. Its owner is fenced, so that whoever takes it next reads what was moved
--             in, and what was computed before is refused. A pause that stood before stands again. A retired lane takes
--             nothing, decides nothing and stays readable. Saying it again changes nothing.
-- KEYS:       1 lane, 2 wake channel
-- ARGV:       1 move's number, 2 open | retire, 3 generation or '' (it stays)
-- Returns:    thawed | other generation mark
-- Complexity: O(1)

register('thaw', {'allow-oom'}, function(keys, args)
    expect_counts('thaw', keys, 2, args, 3)
    whole(args[1], most_ms, 'thaw move')
    if args[2] ~= 'open' and args[2] ~= 'retire' then bad('thaw', 'open or retire', args[2]) end
    local lane = redis.call('HMGET', keys[1], 'move', 'generation', 'before', 'sequence')
    local generation = tonumber(lane[2] or 0)
    if args[3] ~= '' then generation = math.max(generation, whole(args[3], most_ms, 'thaw generation')) end
    if lane[1] ~= args[1] then return {'other', tonumber(lane[2] or 0), lane[1] or ''} end
    local opens = args[2] == 'open'
    redis.call('HSET', keys[1], 'move', opens and '' or 'retired', 'paused', opens and (lane[3] or '0') or '1',
        'closed', opens and '0' or '1', 'draining', '0', 'settling', '0', 'before', '0',
        'generation', decimal(generation), 'sequence', decimal(tonumber(lane[4] or 0) + 1),
        'moved', args[1], 'token', '', 'owner', '', 'busy', '', 'drained', '0')
    redis.call('SPUBLISH', keys[2], 'released')
    return {'thawed'}
end)
