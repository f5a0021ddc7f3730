-- freeze: a lane stands still, so that what it holds can be taken to another one.
--
-- Guarantee:  a source is frozen only when everything in its log is decided and nothing enters any more: it was stopped
--             (control), which refuses appends and claims. Nothing is decided in a frozen lane, not even what was read
--             before: its sequence has moved on. Saying it again changes nothing. A lane that another move has frozen
--             is left alone; one that was retired may be used again. A move that is done or taken back there, or an older one,
--             freezes nothing any more. How the lane was kept before is noted.
-- KEYS:       1 lane, 2 wake channel
-- ARGV:       1 move's number, 2 source | target
-- Returns:    frozen sequence now offset last | busy undecided | moving by | over | missing
-- Complexity: O(1)

register('freeze', {'allow-oom'}, function(keys, args)
    expect_counts('freeze', keys, 2, args, 2)
    local number = whole(args[1], most_ms, 'freeze move')
    if args[2] ~= 'source' and args[2] ~= 'target' then bad('freeze', 'source or target', args[2]) end
    local lane = redis.call('HMGET', keys[1], 'generation', 'closed', 'settling', 'appended', 'decided', 'move', 'paused',
        'sequence', 'now', 'offset', 'last', 'moved', 'draining', 'shut')
    if not lane[1] then return {'missing'} end
    local now, offset = lane_clock(lane[9], lane[10])
    local sequence = stored(lane[8], 'sequence')
    if number <= stored(lane[12], 'moved') then return {'over'} end
    if lane[6] ~= args[1] then
        local is_retired = lane[6] == 'retired'
        if lane[6] and lane[6] ~= '' and not is_retired then return {'moving', lane[6]} end
        local undecided = stored(lane[4], 'appended') - stored(lane[5], 'decided')
        if args[2] == 'source' and (lane[2] ~= '1' or lane[3] ~= '1' or undecided > 0) then
            return {'busy', undecided}
        end
        sequence = sequence + 1
        local before = lane[7] == '1' and not is_retired and '1' or '0'
        -- A lane that was stopped has it noted already.
        local shut = is_retired and 'open' or lane[3] == '1' and (lane[14] or '') or shut_as(lane[2], lane[13])
        redis.call('HSET', keys[1], 'move', args[1], 'paused', '1', 'before', before, 'shut', shut,
            'sequence', decimal(sequence))
        redis.call('SPUBLISH', keys[2], 'freeze')
    end
    return {'frozen', sequence, now, offset, lane[11] or '0-0'}
end)
