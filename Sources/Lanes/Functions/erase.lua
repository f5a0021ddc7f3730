-- erase: what a lane holds of a person goes, and what stood beside it stays.
--
-- Guarantee:  fenced like a commit, and while a move has the lane frozen; in one step: entries of the log are deleted (only decided ones), their other
--             events kept by position, and states, timers, actions, open items and dead letters removed. Saying it
--             again changes nothing more. Nothing of an erased entry remains in the log, nor in what its bytes count.
-- KEYS:       1 lane, 2 log, 3 kept, 4 timers, 5 outbox, 6 actions, 7 open, 8 dead, 9… state hashes touched
-- ARGV:       1 token, 2 entries (to 64), 3 events to keep, 4 timers, 5 actions, 6 open items, 7 dead letters,
--             8 groups of states (each to 1,000); then the lists in this order: entry ids, (position, framed event),
--             entities, ids, conversations, entry ids of dead letters, {key number, n, n × entity}
-- Returns:    erased entries bytes | fenced
-- Complexity: O(elements + bytes of the entries)

local function layout(keys, args)
    local counts = {whole(args[2], 64, 'erase entries')}
    for i = 3, 8 do counts[i - 1] = whole(args[i], 1000, 'erase counts') end
    local starts, at = {}, 9
    for i = 1, 6 do
        starts[i] = at
        at = at + counts[i] * (i == 2 and 2 or 1)
    end
    local states = {}
    for _ = 1, counts[7] do
        local key = whole(args[at], #keys, 'erase state key')
        local count = whole(args[at + 1], 1000, 'erase states')
        if key < 9 or count < 1 then bad('erase states', 'a key from 9 and at least one element', args[at]) end
        redis.call('HLEN', keys[key])
        states[#states + 1] = {keys[key], at + 2, count}
        at = at + 2 + count
    end
    if at ~= #args + 1 then bad('erase', at - 1 .. ' arguments', #args) end
    return counts, starts, states
end

local function check(keys, args, counts, starts, cursor)
    local bytes = 0
    for i = starts[1], starts[2] - 1 do
        entry_id(args[i], 'erase entry')
        if not precedes(args[i], cursor) then bad('erase entry', 'one before the cursor ' .. cursor, args[i]) end
        local found = redis.call('XRANGE', keys[2], args[i], args[i])[1]
        if found then bytes = bytes + #(found[2][2] or '') end
    end
    for i = starts[2], starts[3] - 1, 2 do
        local entry, index = string.match(args[i], '^(.*)/(%d+)$')
        if not entry then bad('erase position', '<ms>-<sequence>/<index>', args[i]) end
        entry_id(entry, 'erase position')
        whole(index, 255, 'erase position')
    end
    for i = starts[6], starts[6] + counts[6] - 1 do entry_id(args[i], 'erase dead letter') end
    redis.call('XLEN', keys[2])
    redis.call('HLEN', keys[3])
    redis.call('ZCARD', keys[4])
    redis.call('ZCARD', keys[5])
    redis.call('HLEN', keys[6])
    redis.call('HLEN', keys[7])
    redis.call('XLEN', keys[8])
    return bytes
end

register('erase', {'allow-oom'}, function(keys, args)
    expect_counts('erase', keys, 8, args, 8)
    local lane = redis.call('HMGET', keys[1], 'token', 'cursor', 'bytes', 'move')
    if not lane[1] or lane[1] == '' or lane[1] ~= args[1] or (lane[4] or '') ~= '' then return {'fenced'} end
    local counts, starts, states = layout(keys, args)
    local bytes = check(keys, args, counts, starts, lane[2] or '0-0')

    in_slices('HSET', keys[3], args, starts[2], 2 * counts[2])
    local erased = 0
    if counts[1] > 0 then erased = redis.call('XDEL', keys[2], unpack(args, starts[1], starts[2] - 1)) end
    in_slices('ZREM', keys[4], args, starts[3], counts[3])
    in_slices('ZREM', keys[5], args, starts[4], counts[4])
    in_slices('HDEL', keys[6], args, starts[4], counts[4])
    in_slices('HDEL', keys[7], args, starts[5], counts[5])
    in_slices('XDEL', keys[8], args, starts[6], counts[6])
    for _, group in ipairs(states) do in_slices('HDEL', group[1], args, group[2], group[3]) end
    redis.call('HSET', keys[1], 'bytes', decimal(math.max(0, tonumber(lane[3] or 0) - bytes)), 'due',
        first_score(keys[4]))
    return {'erased', erased, bytes}
end)
