-- take: an owner gets a lane, and with it the only token that commits.
--
-- Guarantee:  every earlier token is void from here on, so a commit still waiting in a buffer is fenced. An
--             assignment's number lower than the lane has seen is refused. The epoch is max(epoch + 1, server ms).
--             If another owner had a batch in hand and had not released, it counts as dead: the lane is suspect up to
--             the end of that batch, and a standing mark has one strike more. An owner that takes its own lane again
--             is no death.
-- KEYS:       1 log, 2 lane, 3 timers
-- ARGV:       1 owner, 2 assignment's number, 3 token (32 hex digits)
-- Returns:    taken epoch sequence cursor index now offset policy paused closed virtual generation due last suspect
--             mark strikes | older current
-- Complexity: O(1)

register('take', {'allow-oom'}, function(keys, args)
    expect_counts('take', keys, 3, args, 3)
    expect_short(args[1], 200, 'take owner')
    local assignment = whole(args[2], most_ms, 'take assignment')
    if not string.find(args[3], '^%x+$') or #args[3] ~= 32 then bad('take token', '32 hex digits', args[3]) end
    local lane = redis.call('HMGET', keys[2], 'generation', 'epoch', 'owner', 'assignment', 'sequence', 'cursor',
        'index', 'now', 'offset', 'policy', 'paused', 'closed', 'virtual', 'last', 'busy', 'suspect', 'mark',
        'strikes')
    local due = first_score(keys[3])
    local last = lane[14] or last_id(keys[1])
    local known = stored(lane[4], 'assignment')
    if known > assignment then return {'older', known} end
    local now, offset = lane_clock(lane[8], lane[9])
    local sequence, index, policy = stored(lane[5], 'sequence'), stored(lane[7], 'index'), stored(lane[10], 'policy')
    local generation = stored(lane[1], 'generation')
    stored_entry(lane[6], 'cursor')
    stored_entry(lane[14], 'last')
    stored_entry(lane[15], 'busy')
    stored_entry(lane[16], 'suspect')

    local epoch = math.max(stored(lane[2], 'epoch') + 1, server_ms())
    local suspect, mark, strikes = lane[16] or '', lane[17] or '', stored(lane[18], 'strikes')
    local busy, owner = lane[15] or '', lane[3] or ''
    if busy ~= '' and owner ~= '' and owner ~= args[1] then
        if suspect == '' or precedes(suspect, busy) then suspect = busy end
        if mark ~= '' then strikes = strikes + 1 end
    end
    redis.call('HSET', keys[2], 'epoch', decimal(epoch), 'token', args[3], 'owner', args[1], 'assignment', args[2],
        'wanted', '', 'busy', '', 'suspect', suspect, 'mark', mark, 'strikes', decimal(strikes), 'due', due,
        'last', last)
    if not lane[1] then redis.call('HSET', keys[2], 'generation', '1') end
    return {
        'taken', epoch, sequence, lane[6] or '0-0', index, now, offset, policy,
        lane[11] == '1' and 1 or 0, lane[12] == '1' and 1 or 0, lane[13] == '1' and 1 or 0,
        lane[1] and generation or 1, due, last, suspect, mark, strikes
    }
end)
