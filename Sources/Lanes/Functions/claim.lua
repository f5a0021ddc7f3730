-- claim: attempts are on record, with their deadlines, before anything is sent.
--
-- Guarantee:  fenced like a commit, and refused by a paused lane and by one that is stopped for a move. Of two claims of one attempt one is taken. An open
--             attempt is left alone until its deadline (server time), by whoever owns the lane then.
-- KEYS:       1 lane, 2 outbox, 3 actions
-- ARGV:       1 token, then 1 to 256 × (action id, number of the attempt, patience in ms)
-- Returns:    claims {claimed deadline | gone 0 | open deadline | noretry 0 | stale attempts, …} | fenced | paused
-- Complexity: O(actions)

local function claimed(value, attempt, server, deadline)
    if not value then return 'gone', 0 end
    local attempts, is_open, no_retry, until_ms = action_header(value)
    if is_open and until_ms > server then return 'open', until_ms end
    if no_retry then return 'noretry', 0 end
    if attempt ~= attempts + 1 then return 'stale', attempts end
    return 'claimed', deadline
end

register('claim', {'allow-oom'}, function(keys, args)
    expect_counts('claim', keys, 3, args, 4)
    local number = (#args - 1) / 3
    if number > 256 or number ~= math.floor(number) then bad('claim', '1 to 256 triples', #args - 1) end
    local lane = redis.call('HMGET', keys[1], 'token', 'paused', 'settling')
    if not lane[1] or lane[1] == '' or lane[1] ~= args[1] then return {'fenced'} end
    redis.call('ZCARD', keys[2])
    local ids, seen = {}, {}
    for i = 2, #args, 3 do
        expect_short(args[i], 64, 'claim action')
        if seen[args[i]] then bad('claim action', 'each once', args[i]) end
        whole(args[i + 1], 4294967295, 'claim attempt')
        whole(args[i + 2], 86400000, 'claim patience')
        seen[args[i]] = true
        ids[#ids + 1] = args[i]
    end
    local values = redis.call('HMGET', keys[3], unpack(ids))
    if lane[2] == '1' or lane[3] == '1' then return {'paused'} end

    local server, answers, stored, deadlines = server_ms(), {}, {}, {}
    for n = 1, #ids do
        local attempt, deadline = tonumber(args[3 * n]), server + tonumber(args[3 * n + 1])
        local word, number_of = claimed(values[n], attempt, server, deadline)
        if word == 'claimed' then
            stored[#stored + 1] = ids[n]
            stored[#stored + 1] = with_action_header(values[n], attempt, true, false, deadline)
            deadlines[#deadlines + 1] = decimal(deadline)
            deadlines[#deadlines + 1] = ids[n]
        end
        answers[2 * n - 1] = word
        answers[2 * n] = number_of
    end
    if #stored > 0 then
        redis.call('HSET', keys[3], unpack(stored))
        redis.call('ZADD', keys[2], unpack(deadlines))
    end
    return {'claims', answers}
end)
