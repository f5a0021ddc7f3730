-- settle: attempts end, and their outcomes enter the log of their lane.
--
-- Guarantee:  fenced by action and attempt alone, since an outcome is a fact whoever saw it may report. An action is
--             closed once: with it goes its outbox member, and its outcome is appended in the same step. All outcomes
--             of a call are one entry, outside the limits of length and of a closed lane. `again` re-schedules, unless
--             the action was cancelled meanwhile: then it closes with the outcome given. `unclear` is `again` after an
--             attempt that may have had its effect, which the action keeps.
-- KEYS:       1 log, 2 lane, 3 outbox, 4 actions, 5 wake channel
-- ARGV:       1 to 256 × (action id, attempt, close | again | unclear, delay in ms until the next attempt, outcome as one
--             framed event). Outcomes: at most 256 KiB together.
-- Returns:    settled entry-or-'' {closed 0 | again at | stale 0 | gone 0, …}
-- Complexity: O(actions + bytes)

-- A framed event: 0x0A, length as a varint, that many bytes (EventFraming).
local function expect_framed(text)
    local at, length, weight = 2, 0, 1
    local byte
    repeat
        byte = string.byte(text, at)
        if not byte or at > 4 then bad('settle outcome', 'a framed event', #text) end
        length = length + (byte % 128) * weight
        weight = weight * 128
        at = at + 1
    until byte < 128
    if string.byte(text, 1) ~= 10 or length < 1 or length ~= #text - at + 1 then
        bad('settle outcome', 'a framed event', #text)
    end
end

local verdicts = {close = true, again = true, unclear = true}

local function check(args)
    local ids, seen, bytes = {}, {}, 0
    if #args % 5 ~= 0 or #args > 1280 then bad('settle', '1 to 256 times 5 arguments', #args) end
    for i = 1, #args, 5 do
        expect_short(args[i], 64, 'settle action')
        if seen[args[i]] then bad('settle action', 'each once', args[i]) end
        whole(args[i + 1], 4294967295, 'settle attempt')
        if not verdicts[args[i + 2]] then bad('settle', 'close, again or unclear', args[i + 2]) end
        whole(args[i + 3], 31536000000, 'settle delay')
        expect_framed(args[i + 4])
        bytes = bytes + #args[i + 4]
        seen[args[i]] = true
        ids[#ids + 1] = args[i]
    end
    if bytes > 262144 then bad('settle outcomes', 'at most 262144 bytes', bytes) end
    return ids
end

local function append_outcomes(keys, lane, outcomes, now)
    local ms = math.max(entry_id(lane[1] or last_id(keys[1]), 'stored last'), now)
    local appended, decided, bytes = stored(lane[4], 'appended'), stored(lane[5], 'decided'), stored(lane[6], 'bytes')
    local body = table.concat(outcomes)
    local id = redis.call('XADD', keys[1], decimal(ms) .. '-*', 'b', body)
    local changes = {
        'last', id, 'appended', decimal(appended + #outcomes), 'bytes', decimal(bytes + #body),
        'drained', '0'
    }
    if appended <= decided then add(changes, 'oldest', decimal(ms)) end
    redis.call('HSET', keys[2], unpack(changes))
    if lane[7] == '1' then redis.call('SPUBLISH', keys[5], 'settle') end
    return id
end

register('settle', {'allow-oom'}, function(keys, args)
    expect_counts('settle', keys, 5, args, 5)
    local ids = check(args)
    local lane = redis.call('HMGET', keys[2], 'last', 'now', 'offset', 'appended', 'decided', 'bytes', 'drained')
    redis.call('ZCARD', keys[3])
    local values = redis.call('HMGET', keys[4], unpack(ids))
    local server = server_ms()
    local answers, outcomes, closed, again, scores = {}, {}, {}, {}, {}
    for n = 1, #ids do
        local at = 5 * n - 4
        local word, next_at = 'gone', 0
        if values[n] then
            local attempts, is_open, no_retry = action_header(values[n])
            if not is_open or attempts ~= tonumber(args[at + 1]) then
                word = 'stale'
            elseif args[at + 2] ~= 'close' and not no_retry then
                word, next_at = 'again', server + tonumber(args[at + 3])
                again[#again + 1] = ids[n]
                again[#again + 1] = with_action_header(values[n], attempts, false, false, args[at + 2] == 'unclear' and 1 or 0)
                scores[#scores + 1] = decimal(next_at)
                scores[#scores + 1] = ids[n]
            else
                word = 'closed'
                closed[#closed + 1] = ids[n]
                outcomes[#outcomes + 1] = args[at + 4]
            end
        end
        answers[2 * n - 1] = word
        answers[2 * n] = next_at
    end
    local entry = ''
    if #closed > 0 then
        local now = lane_clock(lane[2], lane[3])
        entry = append_outcomes(keys, lane, outcomes, now)
        redis.call('HDEL', keys[4], unpack(closed))
        redis.call('ZREM', keys[3], unpack(closed))
    end
    if #again > 0 then
        redis.call('HSET', keys[4], unpack(again))
        redis.call('ZADD', keys[3], unpack(scores))
    end
    return {'settled', entry, answers}
end)
