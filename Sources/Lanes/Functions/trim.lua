-- trim: the oldest entries of a lane's streams go, by age and bytes.
--
-- Guarantee:  never an entry at or behind the cursor, whatever its age. Ages are told by the lane clock. Anyone may
--             call it at any time; it does a bounded piece and says whether more is left.
-- KEYS:       1 lane, 2 log, 3 results, 4 dead
-- ARGV:       1 age of the log in ms, 2 most bytes of the log, 3 age of results, 4 age of dead letters,
--             5 most entries of the log to remove in this call (1 to 256)
-- Returns:    trimmed entries bytes results dead more
-- Complexity: O(entries removed), with their bodies; at most about 4 MiB are read in a call.

-- Ids and bytes of the oldest entries that may go, and whether more might.
local function oldest_to_go(log, cursor, cutoff, surplus, most)
    local ids, bytes, last = {}, 0, nil
    while #ids < most and bytes < 4194304 do
        local found = redis.call('XRANGE', log, last and '(' .. last or '-', '(' .. cursor, 'COUNT', 8)
        for i = 1, #found do
            local id = found[i][1]
            if #ids >= most then return ids, bytes, 1 end
            if entry_id(id, 'entry') >= cutoff and bytes >= surplus then return ids, bytes, 0 end
            ids[#ids + 1] = id
            for j = 2, #found[i][2], 2 do bytes = bytes + #found[i][2][j] end
            last = id
        end
        if #found < 8 then return ids, bytes, 0 end
    end
    return ids, bytes, 1
end

register('trim', {'allow-oom'}, function(keys, args)
    expect_counts('trim', keys, 4, args, 5)
    local log_age = whole(args[1], most_ms, 'trim age of the log')
    local most_bytes = whole(args[2], most_ms, 'trim bytes')
    local results_age = whole(args[3], most_ms, 'trim age of results')
    local dead_age = whole(args[4], most_ms, 'trim age of dead letters')
    local most = whole(args[5], 256, 'trim entries')
    if most < 1 then bad('trim entries', '1 to 256', args[5]) end
    local lane = redis.call('HMGET', keys[1], 'cursor', 'bytes', 'now', 'offset')
    redis.call('XLEN', keys[3])
    redis.call('XLEN', keys[4])
    local now = lane_clock(lane[3], lane[4])
    local held = stored(lane[2], 'bytes')
    stored_entry(lane[1], 'cursor')
    local ids, bytes, more = {}, 0, 0
    if lane[1] and lane[1] ~= '0-0' then
        ids, bytes, more = oldest_to_go(keys[2], lane[1], now - log_age, held - most_bytes, most)
    else
        redis.call('XLEN', keys[2])
    end

    if #ids > 0 then
        redis.call('XDEL', keys[2], unpack(ids))
        redis.call('HSET', keys[1], 'bytes', decimal(math.max(0, held - bytes)))
    end
    local results = redis.call('XTRIM', keys[3], 'MINID', '~', decimal(math.max(0, now - results_age)), 'LIMIT', 1000)
    local dead = redis.call('XTRIM', keys[4], 'MINID', '~', decimal(math.max(0, now - dead_age)), 'LIMIT', 1000)
    return {'trimmed', #ids, bytes, results, dead, more}
end)
