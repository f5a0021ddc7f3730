-- commit: everything a run of decisions produced, as one step.
--
-- Guarantee:  cursor, states, timers, actions, results, dead letters and open items move together, exactly once:
--             refused unless token and sequence are the expected ones. All counts, forms and key types are checked
--             before the first write, and the two appends to streams, which alone could still fail, come first.
--             With the dead letters at their bound nothing is written but the lane's pause and its alarm.
--             Additions come before removals of the same list, except actions: added first, then cancelled. Cancel
--             removes an action of which no attempt may have had its effect. One with an open attempt gets `no retry`;
--             one whose earlier attempt is unclear is `stopped`: as if that attempt were open and its time over, so that
--             whoever owns the lane closes it.
--             A suspicion, and what was in hand, ends when the cursor has passed it (or the whole log) and no timer
--             is due by its instant.
-- KEYS:       1 lane, 2 timers, 3 outbox, 4 actions, 5 results, 6 dead, 7 open, 8… state hashes touched
-- ARGV:       1 token, 2 sequence, 3 cursor's entry, 4 cursor's index, 5 events decided (to 512), 6 policy, 7 now,
--             8 instant of the oldest pending event or '', 9 results or '', 10 most dead letters,
--             11 groups of states, 12 groups of removed states, 13 timers, 14 removed timers, 15 actions, 16 cancels,
--             17 dead letters, 18 open items, 19 removed open items; then the lists, in this order: states as
--             {key number, n, n × (entity, bytes)}, removed states as {key number, n, n × entity}, timers as
--             (due, entity), entities, actions as (id, 13-byte header + bytes), then (next attempt, id), ids,
--             letters, open items as (conversation, bytes), conversations. At most 1 MiB.
-- Returns:    committed now offset due suspect wanted {cancelled id, …} {stopped id, …} | fenced | sequence expected | dead
-- Complexity: O(elements)

local count_names = {
    'state groups', 'removed state groups', 'timers', 'removed timers', 'actions', 'cancels', 'dead letters',
    'open items', 'removed open items'
}

-- Walks groups of {key number, n, n × width elements}; gives {key, from, count} each, and where the next list begins.
local function groups(keys, args, at, number, width)
    local found = {}
    for _ = 1, number do
        local key = whole(args[at], #keys, 'commit state key')
        local count = whole(args[at + 1], 8192, 'commit states')
        if key < 8 or count < 1 then bad('commit states', 'a key from 8 and at least one element', args[at]) end
        redis.call('HLEN', keys[key])
        found[#found + 1] = {keys[key], at + 2, count * width}
        at = at + 2 + count * width
    end
    return found, at
end

-- Where each list begins, once the counts add up to the arguments given.
local function layout(keys, args)
    local bytes, counts, lists = 0, {}, {}
    for i = 1, #args do bytes = bytes + #args[i] end
    if bytes > 1048576 then bad('commit', 'at most 1048576 bytes', bytes) end
    for i = 1, 9 do counts[i] = whole(args[10 + i], 8192, 'commit ' .. count_names[i]) end
    local at
    lists.states, at = groups(keys, args, 20, counts[1], 2)
    lists.removed, at = groups(keys, args, at, counts[2], 1)
    lists.timers, lists.disarmed = at, at + 2 * counts[3]
    lists.actions = lists.disarmed + counts[4]
    lists.attempts = lists.actions + 2 * counts[5]
    lists.cancels = lists.attempts + 2 * counts[5]
    lists.dead = lists.cancels + counts[6]
    lists.open = lists.dead + counts[7]
    lists.closed = lists.open + 2 * counts[8]
    local stop = lists.closed + counts[9]
    if stop ~= #args + 1 then bad('commit', stop - 1 .. ' arguments', #args) end
    for i = lists.timers, lists.disarmed - 1, 2 do whole(args[i], most_ms, 'commit timer') end
    for i = lists.attempts, lists.cancels - 1, 2 do
        whole(args[i], most_ms, 'commit next attempt')
        local action = lists.actions + i - lists.attempts
        if args[i + 1] ~= args[action] or #args[action + 1] < 13 then
            bad('commit action', 'an id with its header, and the same id again', args[i + 1])
        end
    end
    return counts, lists
end

-- Results need no look: their append is the first write, and raises by itself.
local function check_types(keys, counts)
    if counts[3] + counts[4] > 0 then redis.call('ZCARD', keys[2]) end
    if counts[5] + counts[6] > 0 then
        redis.call('ZCARD', keys[3])
        redis.call('HLEN', keys[4])
    end
    if counts[8] + counts[9] > 0 then redis.call('HLEN', keys[7]) end
end

-- Appends to a stream at the lane's instant, or at the stream's own last one if that is later.
local function append_at(key, now, last, value)
    local ms = math.max(now, last or (entry_id(last_id(key), 'last entry')))
    redis.call('XADD', key, decimal(ms) .. '-*', 'b', value)
    return ms
end

local function cancel(keys, args, from, count)
    local removed, stopped = {}, {}
    local server = decimal(server_ms())
    for i = from, from + count - 1 do
        local value = redis.call('HGET', keys[4], args[i])
        if value then
            local attempts, is_open, _, deadline, is_unclear = action_header(value)
            if is_open then
                redis.call('HSET', keys[4], args[i], with_action_header(value, attempts, true, true, deadline))
            elseif is_unclear then
                redis.call('HSET', keys[4], args[i], with_action_header(value, attempts, true, true, tonumber(server)))
                redis.call('ZADD', keys[3], server, args[i])
                stopped[#stopped + 1] = args[i]
            else
                redis.call('HDEL', keys[4], args[i])
                redis.call('ZREM', keys[3], args[i])
                removed[#removed + 1] = args[i]
            end
        end
    end
    return removed, stopped
end

local function write_lists(keys, args, counts, lists)
    for _, group in ipairs(lists.removed) do in_slices('HDEL', group[1], args, group[2], group[3]) end
    for _, group in ipairs(lists.states) do in_slices('HSET', group[1], args, group[2], group[3]) end
    in_slices('ZREM', keys[2], args, lists.disarmed, counts[4])
    in_slices('ZADD', keys[2], args, lists.timers, 2 * counts[3])
    in_slices('HSET', keys[4], args, lists.actions, 2 * counts[5])
    in_slices('ZADD', keys[3], args, lists.attempts, 2 * counts[5])
    in_slices('HDEL', keys[7], args, lists.closed, counts[9])
    in_slices('HSET', keys[7], args, lists.open, 2 * counts[8])
    return cancel(keys, args, lists.cancels, counts[6])
end

-- Whether what was noted up to `until_entry` is decided: the cursor is beyond it, or beyond the log, and no timer is
-- due by its instant.
local function is_passed(until_entry, cursor, at_end, due)
    if due ~= '' and stored(due, 'due') <= entry_id(until_entry, 'stored entry id') then return false end
    return at_end or precedes(until_entry, cursor)
end

register('commit', {'allow-oom'}, function(keys, args)
    expect_counts('commit', keys, 7, args, 19)
    local lane = redis.call('HMGET', keys[1], 'token', 'sequence', 'cursor', 'index', 'last', 'now', 'offset',
        'appended', 'decided', 'oldest', 'busy', 'suspect', 'mark', 'result', 'wanted', 'due')
    if not lane[1] or lane[1] == '' or lane[1] ~= args[1] then return {'fenced'} end
    local sequence = whole(args[2], most_ms, 'commit sequence')
    local expected = stored(lane[2], 'sequence')
    if sequence ~= expected then return {'sequence', expected} end
    entry_id(args[3], 'commit cursor')
    local index = whole(args[4], 256, 'commit index')
    local decided = stored(lane[9], 'decided') + whole(args[5], 512, 'commit events')
    whole(args[6], most_ms, 'commit policy')
    local clock, offset = lane_clock(lane[6], lane[7])
    local now = math.max(stored(lane[6], 'now'), whole(args[7], most_ms, 'commit now'))
    if now > clock then bad('commit now', 'no later instant', args[7]) end
    if args[8] ~= '' then whole(args[8], most_ms, 'commit oldest pending') end
    local most_dead = whole(args[10], 1000000, 'commit most dead letters')
    local cursor, last = lane[3] or '0-0', lane[5] or '0-0'
    stored_entry(cursor, 'cursor')
    if precedes(args[3], cursor) or (args[3] == cursor and index < stored(lane[4], 'index')) then
        bad('commit cursor', 'one not before ' .. cursor, args[3])
    end
    local counts, lists = layout(keys, args)
    check_types(keys, counts)
    local at_end = last == '0-0' or precedes(stored_entry(last, 'last'), args[3])
    local appended, result = stored(lane[8], 'appended'), stored(lane[14], 'result')
    local busy, suspect = stored_entry(lane[11], 'busy'), stored_entry(lane[12], 'suspect')
    local known_oldest = stored(lane[10], 'oldest')
    stored(lane[16], 'due')
    local dead_last
    if counts[7] > 0 then
        dead_last = entry_id(last_id(keys[6]), 'last dead letter')
        if redis.call('XLEN', keys[6]) + counts[7] > most_dead then
            redis.call('HSET', keys[1], 'paused', '1', 'alarm', 'dead letters are at their bound')
            return {'dead'}
        end
    end

    result = lane[14] and lane[14] ~= '' and result or nil
    if args[9] ~= '' then result = append_at(keys[5], now, result, args[9]) end
    for i = lists.dead, lists.open - 1 do append_at(keys[6], now, dead_last, args[i]) end
    local cancelled, stopped = write_lists(keys, args, counts, lists)

    local due = lane[16] or ''
    if counts[3] + counts[4] > 0 then due = first_score(keys[2]) end
    if at_end then decided = appended end
    local oldest = ''
    if decided < appended then
        oldest = args[8] ~= '' and args[8] or decimal(math.max(known_oldest, (entry_id(args[3], 'cursor'))))
    end
    if busy ~= '' and is_passed(busy, args[3], at_end, due) then busy = '' end
    if suspect ~= '' and is_passed(suspect, args[3], at_end, due) then suspect = '' end
    local changes = {
        'sequence', decimal(sequence + 1), 'cursor', args[3], 'index', args[4], 'policy', args[6], 'now', decimal(now),
        'decided', decimal(decided), 'oldest', oldest, 'busy', busy, 'due', due,
        'result', result and decimal(result) or ''
    }
    if suspect ~= (lane[12] or '') then add(changes, 'suspect', suspect) end
    if lane[13] and lane[13] ~= '' then
        add(changes, 'mark', '')
        add(changes, 'strikes', '0')
    end
    redis.call('HSET', keys[1], unpack(changes))
    return {'committed', clock, offset, due, suspect ~= '' and 1 or 0,
        lane[15] or '', cancelled, stopped}
end)
