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

-- The entry of a producer's last batch; one that nobody can read is the oldest.
local function entry_of(value)
    local ms, sequence = string.match(value, ':(%d+)%-(%d+)$')
    if not ms or #ms > 15 or #sequence > 18 or (#ms > 1 and string.byte(ms) == 48)
        or (#sequence > 1 and string.byte(sequence) == 48) then
        return '0-0'
    end
    return ms .. '-' .. sequence
end

-- The producer that has to go for one more, if there are as many as may be.
local function oldest_producer(lane_key, known)
    if known < 64 then return nil end
    local fields = redis.call('HGETALL', lane_key)
    local oldest, oldest_entry
    for i = 1, #fields, 2 do
        if string.sub(fields[i], 1, 2) == 'p:' then
            local entry = entry_of(fields[i + 1])
            if not oldest or precedes(entry, oldest_entry) then oldest, oldest_entry = fields[i], entry end
        end
    end
    return oldest
end

local function refusal(lane, generation, most_pending, most_bytes)
    if lane[1] and lane[1] ~= (generation == '' and '1' or generation) then
        return {'generation', stored(lane[1], 'generation')}
    end
    if lane[2] == '1' then return {'closed'} end
    local pending = stored(lane[6], 'appended') - stored(lane[7], 'decided')
    if pending >= most_pending then return {'full', decimal(pending) .. ' events are pending'} end
    if stored(lane[8], 'bytes') >= most_bytes then return {'full', lane[8] .. ' bytes are in the log'} end
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
    local now, offset = lane_clock(lane[4], lane[5])
    if lane[11] then
        local known, entry = string.match(lane[11], '^(%d+):(.*)$')
        known = known and #known <= 16 and tonumber(known) or 0
        if number <= known then return {'already', number == known and entry or '', now, offset} end
        if number > known + 1 then return {'gap', known + 1} end
    end
    local refused = refusal(lane, generation, most_pending, most_bytes)
    if refused then return refused end

    local ms = math.max(entry_id(lane[3] or last_id(keys[1]), 'stored last'), now)
    local producers = stored(lane[10], 'producers')
    local outdated = not lane[11] and oldest_producer(keys[2], producers)
    local appended, decided, bytes = stored(lane[6], 'appended'), stored(lane[7], 'decided'), stored(lane[8], 'bytes')
    local id = redis.call('XADD', keys[1], decimal(ms) .. '-*', 'b', args[7])
    local changes = {
        'last', id, 'appended', decimal(appended + count), 'bytes', decimal(bytes + #args[7]),
        'drained', '0', producer, args[3] .. ':' .. id
    }
    if appended <= decided then add(changes, 'oldest', decimal(ms)) end
    if not lane[1] then add(changes, 'generation', generation == '' and '1' or generation) end
    if outdated then redis.call('HDEL', keys[2], outdated) end
    if not lane[11] then add(changes, 'producers', decimal(outdated and producers or producers + 1)) end
    redis.call('HSET', keys[2], unpack(changes))
    if lane[9] == '1' then redis.call('SPUBLISH', keys[3], 'append') end
    return {'held', id, now, offset}
end)
