-- import: a frozen lane gets a piece of what another one gave away.
--
-- Guarantee:  only while this move has the lane frozen and is not being taken back, so a mover that was stopped and overtaken
--             writes nothing. Saying it again changes nothing more. The lane's `now` and sequence are not behind those of the lane that it
--             came from: no instant goes back, and what is decided here stands behind what was decided there.
-- KEYS:       1 lane, 2 timers, 3 the part's own key (a state hash, timers, actions, open, forgotten), 4 outbox (actions
--             only)
-- ARGV:       1 move's number, 2 now, 3 sequence, 4 states | timers | actions | open | forgotten, then 1 to 1,000 × (entity,
--             bytes), (due, entity), (id, 13-byte header + bytes, next attempt), (conversation, bytes), (field, value)
-- Returns:    imported | fenced
-- Complexity: O(elements + bytes)

local widths = {states = 2, timers = 2, actions = 3, open = 2, forgotten = 2}

local function check(keys, args)
    local width = widths[args[4]]
    if not width then bad('import part', 'states, timers, actions, open or forgotten', args[4]) end
    local count = (#args - 4) / width
    if count < 1 or count > 1000 or count ~= math.floor(count) then bad('import', '1 to 1000 elements', #args - 4) end
    redis.call('ZCARD', keys[2])
    if args[4] == 'timers' then
        for i = 5, #args, 2 do whole(args[i], most_ms, 'import timer') end
        return
    end
    redis.call('HLEN', keys[3])
    if args[4] ~= 'actions' then return end
    expect_counts('import actions', keys, 4, args, 7)
    redis.call('ZCARD', keys[4])
    for i = 5, #args, 3 do
        expect_short(args[i], 64, 'import action')
        if #args[i + 1] < 13 then bad('import action', 'a header and bytes', #args[i + 1]) end
        whole(args[i + 2], most_ms, 'import next attempt')
    end
end

register('import', {'allow-oom'}, function(keys, args)
    expect_counts('import', keys, 3, args, 6)
    local lane = redis.call('HMGET', keys[1], 'move', 'sequence', 'now', 'moved')
    local number = whole(args[1], most_ms, 'import move')
    if lane[1] ~= args[1] or number <= stored(lane[4], 'moved') then return {'fenced'} end
    local now = math.max(whole(args[2], most_ms, 'import now'), stored(lane[3], 'now'))
    local sequence = math.max(whole(args[3], most_ms, 'import sequence'), stored(lane[2], 'sequence'))
    check(keys, args)

    if args[4] == 'timers' then
        in_slices('ZADD', keys[2], args, 5, #args - 4)
    elseif args[4] == 'actions' then
        for i = 5, #args, 3 do
            redis.call('HSET', keys[3], args[i], args[i + 1])
            redis.call('ZADD', keys[4], args[i + 2], args[i])
        end
    else
        in_slices('HSET', keys[3], args, 5, #args - 4)
    end
    redis.call('HSET', keys[1], 'now', decimal(now), 'sequence', decimal(sequence), 'due', first_score(keys[2]))
    return {'imported'}
end)
