-- append: one batch of events becomes one entry of a lane's log.
--
-- Guarantee:  a batch enters the log once, however often it is offered. (producer, number) of the lane's 64 latest
--             producers is remembered: only the next number is taken, a lower one is answered `already`, a gap is
--             refused with the expected number. A producer the lane does not know may start at any number. So one
--             that was pushed out by 64 newer ones between an offer and its repetition has that repetition taken
--             again; `decide` then knows the events by their ids and gives `duplicate`.
--             A batch that was held is answered so even when the lane is closed, full or of another generation by now.
--             A batch that was placed by another topology than the lane's is refused, so that after a resize nothing
--             of a conversation enters a lane that has given its state away.
--             The entry's id is max(last entry, lane's now, TIME + offset)-*, so it is its instant on the lane clock.
--             Without allow-oom: a full Redis refuses appends first, and everything that drains goes on.
-- KEYS:       1 log, 2 lane, 3 wake channel
-- ARGV:       1 generation ('' counts as the first), 2 producer (16 hex digits), 3 number, 4 most pending events, 5 most log bytes,
--             6 events, 7 body
-- Returns:    held id now offset | already id-or-'' now offset | gap expected | closed | full reason
--             | generation current
-- Complexity: O(bytes); a producer's first batch O(fields of the lane's hash).

-- Makes room for one more producer; gives their new number.
local function admit_producer(lane_key, known)
    if known < 64 then return known + 1 end
    local fields = redis.call('HGETALL', lane_key)
    local oldest, oldest_entry
    for i = 1, #fields, 2 do
        if string.sub(fields[i], 1, 2) == 'p:' then
            local entry = string.match(fields[i + 1], ':(.*)$') or '0-0'
            if not oldest or precedes(entry, oldest_entry) then oldest, oldest_entry = fields[i], entry end
        end
    end
    if oldest then redis.call('HDEL', lane_key, oldest) end
    return known
end

local function refusal(lane, generation, most_pending, most_bytes)
    if lane[1] and lane[1] ~= (generation == '' and '1' or generation) then
        return {'generation', tonumber(lane[1])}
    end
    if lane[2] == '1' then return {'closed'} end
    local pending = tonumber(lane[6] or 0) - tonumber(lane[7] or 0)
    if pending >= most_pending then return {'full', decimal(pending) .. ' events are pending'} end
    if tonumber(lane[8] or 0) >= most_bytes then return {'full', lane[8] .. ' bytes are in the log'} end
    return nil
end

register('append', {}, function(keys, args)
    expect_counts('append', keys, 3, args, 7)
    local generation = args[1]
    if generation ~= '' then whole(generation, most_ms, 'append generation') end
    if not string.find(args[2], '^%x+$') or #args[2] ~= 16 then bad('append producer', '16 hex digits', args[2]) end
    local number = whole(args[3], most_ms, 'append number')
    local most_pending = whole(args[4], most_ms, 'append most pending')
    local most_bytes = whole(args[5], most_ms, 'append most bytes')
    local count = whole(args[6], 256, 'append events')
    if count < 1 then bad('append events', '1 to 256', args[6]) end
    expect_short(args[7], 262144, 'append body')

    local producer = 'p:' .. args[2]
    local lane = redis.call('HMGET', keys[2], 'generation', 'closed', 'last', 'now', 'offset', 'appended', 'decided',
        'bytes', 'drained', 'producers', producer)
    local offset = tonumber(lane[5] or 0)
    local now = math.max(server_ms() + offset, tonumber(lane[4] or 0))
    if lane[11] then
        local known, entry = string.match(lane[11], '^(%d+):(.*)$')
        known = tonumber(known or 0)
        if number <= known then return {'already', number == known and entry or '', now, offset} end
        if number > known + 1 then return {'gap', known + 1} end
    end
    local refused = refusal(lane, generation, most_pending, most_bytes)
    if refused then return refused end

    local ms = math.max(entry_id(lane[3] or last_id(keys[1]), 'last entry'), now)
    local id = redis.call('XADD', keys[1], decimal(ms) .. '-*', 'b', args[7])
    local appended = tonumber(lane[6] or 0)
    local changes = {
        'last', id, 'appended', decimal(appended + count), 'bytes', decimal(tonumber(lane[8] or 0) + #args[7]),
        'drained', '0', producer, args[3] .. ':' .. id
    }
    if appended <= tonumber(lane[7] or 0) then add(changes, 'oldest', decimal(ms)) end
    if not lane[1] then add(changes, 'generation', generation == '' and '1' or generation) end
    if not lane[11] then add(changes, 'producers', admit_producer(keys[2], tonumber(lane[10] or 0))) end
    redis.call('HSET', keys[2], unpack(changes))
    if lane[9] == '1' then redis.call('SPUBLISH', keys[3], 'append') end
    return {'held', id, now, offset}
end)
