-- read: the owner gets the next entries and the timers that may fire.
--
-- Guarantee:  entries in log order, at least one if there is one; then as many as fit count and bytes. A timer is
--             given only if it is due by the horizon: `now` if the end was reached, else the instant of the last
--             entry given, so it overtakes no event that entered the log before it was due.
--             `drained` is set in the step in which the end is found, and the next append clears it and wakes: no
--             wake-up is lost between the two. What is handed out is noted as `busy` until a commit covers it.
--             `now` never goes back. With the server's clock more than 60 s behind it, no timer is given.
--             A paused lane gives nothing and is not marked drained.
--             The earliest due instant is the hash's: only the owner's commits and erasures move timers.
-- KEYS:       1 log, 2 lane, 3 timers
-- ARGV:       1 token, 2 first entry wanted, 3 most entries (1 to 512), 4 most timers (0 to 512), 5 most bytes
-- Returns:    reading now offset server horizon due drained paused wanted policy last holds {id, body, …}
--             {entity, due, …} | fenced
-- Complexity: O(entries + timers); reads ahead at most 64 entries, about the asked bytes, beyond what it gives.

-- Entries from `from` on as a flat list, the last one's id, and whether the end was reached.
local function entries_from(log, from, most, most_bytes)
    local flat, bytes, given = {}, 0, 0
    local last
    while given < most do
        local asked = 4
        if given > 0 then asked = math.floor((most_bytes - bytes) / (bytes / given + 1)) + 1 end
        asked = math.min(asked, 64, most - given)
        local found = redis.call('XRANGE', log, last and '(' .. last or from, '+', 'COUNT', asked)
        for i = 1, #found do
            local body = ''
            local fields = found[i][2]
            for j = 1, #fields, 2 do
                if fields[j] == 'b' then body = fields[j + 1] end
            end
            if given > 0 and bytes + #body > most_bytes then return flat, last, false end
            last = found[i][1]
            flat[#flat + 1] = last
            flat[#flat + 1] = body
            bytes = bytes + #body
            given = given + 1
        end
        if #found < asked then return flat, last, true end
    end
    return flat, last, #redis.call('XRANGE', log, last and '(' .. last or from, '+', 'COUNT', 1) == 0
end

register('read', {'allow-oom'}, function(keys, args)
    expect_counts('read', keys, 3, args, 5)
    entry_id(args[2], 'read from')
    local most = whole(args[3], 512, 'read entries')
    if most < 1 then bad('read entries', '1 to 512', args[3]) end
    local most_timers = whole(args[4], 512, 'read timers')
    local most_bytes = whole(args[5], 16777216, 'read bytes')
    local lane = redis.call('HMGET', keys[2], 'token', 'now', 'offset', 'paused', 'wanted', 'policy', 'last', 'busy',
        'cursor', 'due')
    if lane[1] ~= args[1] or args[1] == '' then return {'fenced'} end

    local now, offset, server = lane_clock(lane[2], lane[3])
    local holds = now - (server + offset) > 60000
    local due, last = lane[10] or '', lane[7] or '0-0'
    local policy, due_ms = stored(lane[6], 'policy'), stored(due, 'due')
    stored_entry(last, 'last')
    if lane[4] == '1' then
        redis.call('XLEN', keys[1])
        redis.call('HSET', keys[2], 'now', decimal(now))
        return {'reading', now, offset, server, now, due, 0, 1, lane[5] or '', policy, last,
            holds and 1 or 0, {}, {}}
    end

    local flat, given, at_end = entries_from(keys[1], args[2], most, most_bytes)
    local horizon = now
    if not at_end then horizon = math.min(now, (entry_id(given or args[2], 'read entry'))) end
    local timers = {}
    if most_timers > 0 and due ~= '' and due_ms <= horizon and not holds then
        timers = redis.call('ZRANGE', keys[3], '-inf', decimal(horizon), 'BYSCORE', 'LIMIT', 0, most_timers,
            'WITHSCORES')
        for i = 2, #timers, 2 do timers[i] = score_ms(timers[i]) end
    end
    local busy = stored_entry(lane[8], 'busy')
    if given and (busy == '' or precedes(busy, given)) then busy = given end
    if #timers > 0 then
        local mark = decimal(horizon) .. '-0'
        if busy == '' or precedes(busy, mark) then busy = mark end
    end
    local changes = {'now', decimal(now), 'drained', at_end and '1' or '0', 'busy', busy}
    if given and (lane[9] or '0-0') == args[2] then
        add(changes, 'oldest', decimal((entry_id(flat[1], 'read entry'))))
    end
    redis.call('HSET', keys[2], unpack(changes))
    return {'reading', now, offset, server, horizon, due, at_end and 1 or 0, 0, lane[5] or '',
        policy, last, holds and 1 or 0, flat, timers}
end)
