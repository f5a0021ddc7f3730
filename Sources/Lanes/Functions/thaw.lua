-- thaw: a lane that a move has stopped or frozen is let go.
--
-- Guarantee:  `open` and `retire` only for the move that froze it: it goes on under its new generation, or takes nothing,
--             decides nothing and stays readable. Its owner is fenced, so that whoever takes it next reads what was moved
--             in, and what was computed before is refused. How it was kept before (paused, closed, draining) stands again.
--             `fence` is the first step of taking a move back: nothing of that move stops, freezes or fills the lane any
--             more, frozen or not, there or not. `back` lets it go as it was, also if it was only stopped, by this move
--             or an older one. Saying any of them again changes nothing.
-- KEYS:       1 lane, 2 wake channel
-- ARGV:       1 move's number, 2 open | retire | fence | back, 3 generation or '' (it stays)
-- Returns:    thawed | over (the move has let go of it before) | other generation mark
-- Complexity: O(1)

local words = {open = true, retire = true, fence = true, back = true}

-- A lane that is not frozen by the move.
local function free(keys, args, lane, number)
    local is_stopped = lane[6] == '1' and (lane[1] or '') == '' and stored(lane[7], 'stopper') <= number
    if args[2] == 'back' and is_stopped then
        -- Its courier was told to claim nothing; whoever takes it anew claims again.
        redis.call('HSET', keys[1], 'token', '', 'owner', '', 'busy', '', shut_fields(lane[8]))
        redis.call('SPUBLISH', keys[2], 'released')
        return {'thawed'}
    end
    if number <= stored(lane[5], 'moved') then return {'over'} end
    return {'other', stored(lane[2], 'generation'), lane[1] or ''}
end

register('thaw', {'allow-oom'}, function(keys, args)
    expect_counts('thaw', keys, 2, args, 3)
    local number = whole(args[1], most_ms, 'thaw move')
    if not words[args[2]] then bad('thaw', 'open, retire, fence or back', args[2]) end
    local lane = redis.call('HMGET', keys[1], 'move', 'generation', 'before', 'sequence', 'moved', 'settling', 'stopper',
        'shut')
    local generation, sequence = stored(lane[2], 'generation'), stored(lane[4], 'sequence')
    if args[3] ~= '' then generation = math.max(generation, whole(args[3], most_ms, 'thaw generation')) end
    local moved = decimal(math.max(stored(lane[5], 'moved'), number))
    if args[2] == 'fence' then
        redis.call('HSET', keys[1], 'moved', moved)
        return {'thawed'}
    end
    if lane[1] ~= args[1] then return free(keys, args, lane, number) end
    local opens = args[2] ~= 'retire'
    redis.call('HSET', keys[1], 'move', opens and '' or 'retired', 'paused', opens and (lane[3] or '0') or '1',
        'before', '0', 'generation', decimal(generation), 'sequence', decimal(sequence + 1),
        'moved', moved, 'token', '', 'owner', '', 'busy', '', 'drained', '0', shut_fields(opens and lane[8] or 'open'))
    if not opens then redis.call('HSET', keys[1], 'closed', '1') end
    redis.call('SPUBLISH', keys[2], 'released')
    return {'thawed'}
end)
