-- discard: a frozen lane drops a piece of what is another lane's now.
--
-- Guarantee:  only while this move has the lane frozen. Saying it again changes nothing more. Log, results, dead letters
--             and kept events stay.
-- KEYS:       1 lane, 2 timers, 3 the part's own key (a state hash, timers, actions, open), 4 outbox (actions only)
-- ARGV:       1 move's number, 2 states | timers | actions | open, then 1 to 1,000 entities, ids or conversations
-- Returns:    discarded | fenced
-- Complexity: O(elements)

local parts = {states = true, timers = true, actions = true, open = true}

register('discard', {'allow-oom'}, function(keys, args)
    expect_counts('discard', keys, 3, args, 3)
    whole(args[1], most_ms, 'discard move')
    if redis.call('HGET', keys[1], 'move') ~= args[1] then return {'fenced'} end
    if not parts[args[2]] then bad('discard part', 'states, timers, actions or open', args[2]) end
    if #args > 1002 then bad('discard', 'at most 1000 elements', #args - 2) end
    redis.call('ZCARD', keys[2])
    if args[2] ~= 'timers' then redis.call('HLEN', keys[3]) end
    if args[2] == 'actions' then
        expect_counts('discard actions', keys, 4, args, 3)
        redis.call('ZCARD', keys[4])
    end

    if args[2] == 'timers' then
        in_slices('ZREM', keys[2], args, 3, #args - 2)
    else
        in_slices('HDEL', keys[3], args, 3, #args - 2)
        if args[2] == 'actions' then in_slices('ZREM', keys[4], args, 3, #args - 2) end
    end
    redis.call('HSET', keys[1], 'due', first_score(keys[2]))
    return {'discarded'}
end)
