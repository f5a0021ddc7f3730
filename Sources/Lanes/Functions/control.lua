-- control: what changes a lane's hash from outside its owner's commits, and wakes the owner.
--
-- Guarantee:  each verb is one step, and saying it again changes nothing more (but `step`, which adds up). `step`
--             moves the lane clock forwards only, and only in a lane made virtual. `mark` and `unmark` are fenced. A
--             mark said again keeps its strikes; another one starts at none. A lane that is being moved, or was
--             retired, is left to its move: only create, step, want, mark and unmark are taken. `stop` notes how the
--             lane was kept, and is refused to a move that is over there.
-- KEYS:       1 lane, 2 log, 3 wake channel
-- ARGV:       1 verb, 2 and 3 its arguments or '': create (generation, offset ms or '' for a lane that is not
--             virtual), pause, resume, close, open (generation or ''), drain, stop (move's number; close,
--             and claim nothing more), step (ms), want (owner), mark (mark, token), unmark ('', token)
-- Returns:    done now offset | differs | missing | fenced
-- Complexity: O(1)

local verbs = {}

local left_to_the_move = {pause = true, resume = true, close = true, open = true, drain = true, stop = true}

function verbs.pause() return {'paused', '1'} end

function verbs.resume() return {'paused', '0', 'alarm', ''} end

-- Said to a lane that a move has stopped, it holds once the move lets go of it.
function verbs.close(lane)
    if lane[8] ~= '1' then return {'closed', '1'} end
    return {'closed', '1', 'shut', lane[12] == 'draining' and 'draining' or 'closed'}
end

function verbs.drain() return {'closed', '1', 'draining', '1', 'shut', 'draining'} end

function verbs.stop(lane, args)
    if whole(args[2], most_ms, 'control move') <= stored(lane[9], 'moved') then return nil, 'fenced' end
    local changes = {'closed', '1', 'draining', '1', 'settling', '1', 'stopper', args[2]}
    if lane[8] ~= '1' then add(changes, 'shut', shut_as(lane[10], lane[11])) end
    return changes
end

function verbs.open(lane, args)
    local changes = {'closed', '0', 'draining', '0', 'settling', '0', 'shut', 'open'}
    -- Its courier was told to claim nothing; whoever takes it anew claims again.
    if lane[8] == '1' then
        for _, field in ipairs({'token', 'owner', 'busy'}) do add(changes, field, '') end
    end
    if args[2] ~= '' and whole(args[2], most_ms, 'control generation') > stored(lane[1], 'generation') then
        add(changes, 'generation', args[2])
    end
    return changes
end

function verbs.step(lane, args)
    local ms = whole(args[2], most_ms, 'control step')
    if lane[4] ~= '1' then return nil, 'differs' end
    local offset = stored(lane[3], 'offset') + ms
    if offset > most_ms - server_ms() then bad('control step', 'an instant up to ' .. decimal(most_ms), args[2]) end
    return {'offset', decimal(offset)}
end

function verbs.want(_, args)
    expect_short(args[2], 200, 'control owner')
    return {'wanted', args[2]}
end

function verbs.mark(lane, args)
    expect_short(args[2], 1100, 'control mark')
    if not lane[5] or lane[5] == '' or lane[5] ~= args[3] then return nil, 'fenced' end
    if lane[6] == args[2] then return {'mark', args[2]} end
    return {'mark', args[2], 'strikes', '0'}
end

function verbs.unmark(lane, args)
    if not lane[5] or lane[5] == '' or lane[5] ~= args[3] then return nil, 'fenced' end
    return {'mark', '', 'strikes', '0'}
end

-- Makes the lane; gives whether it is there as asked.
local function create(keys, args, lane)
    whole(args[2], most_ms, 'control generation')
    local virtual = args[3] ~= ''
    local offset = virtual and whole(args[3], 4000000000000, 'control offset') or 0
    if lane[1] then return (lane[4] == '1') == virtual end
    redis.call('HSET', keys[1], 'generation', args[2], 'virtual', virtual and '1' or '0', 'offset', decimal(offset),
        'last', last_id(keys[2]))
    return true
end

register('control', {'allow-oom'}, function(keys, args)
    expect_counts('control', keys, 3, args, 3)
    local lane = redis.call('HMGET', keys[1], 'generation', 'now', 'offset', 'virtual', 'token', 'mark', 'move',
        'settling', 'moved', 'closed', 'draining', 'shut')
    lane_clock(lane[2], lane[3])
    if args[1] == 'create' then
        if not create(keys, args, lane) then return {'differs'} end
    else
        local verb = verbs[args[1]]
        if not verb then bad('control', 'a verb', args[1]) end
        if not lane[1] then return {'missing'} end
        if left_to_the_move[args[1]] and lane[7] and lane[7] ~= '' then return {'differs'} end
        local changes, refusal = verb(lane, args)
        if refusal then return {refusal} end
        redis.call('HSET', keys[1], unpack(changes))
        if args[1] ~= 'mark' and args[1] ~= 'unmark' then redis.call('SPUBLISH', keys[3], args[1]) end
    end
    local clock = redis.call('HMGET', keys[1], 'now', 'offset')
    return {'done', lane_clock(clock[1], clock[2])}
end)
