-- once: what may be done to a comment only once is claimed under the comment's name.
--
-- Guarantee:  of several askers for one subject one has it; the same claimant may ask again and has it still. `take` is
--             never refused and moves the claim, `free` gives one's own back, `clear` anybody's. A claim ends by itself when its lifetime,
--             counted from the last ask or take of its claimant, is over (Redis's clock); each call removes more old
--             ones than it adds, so the two keys stay as large as one lifetime's claims.
-- KEYS:       1 once: subject -> claimant, 2 once-until: subject by the end of its claim
-- ARGV:       1 lifetime in ms, then 1 to 256 × (ask | take | free | clear, subject, claimant)
-- Returns:    claims {'' | the other claimant that has it, …}
-- Complexity: O(n log claims)

local verbs = {ask = true, take = true, free = true, clear = true}

register('once', {'allow-oom'}, function(keys, args)
    expect_counts('once', keys, 2, args, 4)
    local lifetime = whole(args[1], 31536000000, 'once lifetime')
    local number = (#args - 1) / 3
    if number > 256 or number ~= math.floor(number) then bad('once', '1 to 256 triples', #args - 1) end
    for i = 2, #args, 3 do
        if not verbs[args[i]] then bad('once', 'ask, take, free or clear', args[i]) end
        expect_short(args[i + 1], 600, 'once subject')
        expect_short(args[i + 2], 64, 'once claimant')
    end
    redis.call('HLEN', keys[1])
    redis.call('ZCARD', keys[2])

    local server, answers = server_ms(), {}
    local old = redis.call('ZRANGEBYSCORE', keys[2], '-inf', decimal(server), 'LIMIT', 0, 2 * number + 16)
    if #old > 0 then
        redis.call('HDEL', keys[1], unpack(old))
        redis.call('ZREM', keys[2], unpack(old))
    end
    for i = 2, #args, 3 do
        local verb, subject, claimant = args[i], args[i + 1], args[i + 2]
        local holder = redis.call('HGET', keys[1], subject)
        local is_over = holder and tonumber(redis.call('ZSCORE', keys[2], subject) or 0) <= server
        local answer = ''
        if verb == 'free' or verb == 'clear' then
            if holder == claimant or verb == 'clear' then
                redis.call('HDEL', keys[1], subject)
                redis.call('ZREM', keys[2], subject)
            end
        elseif verb == 'ask' and holder and holder ~= claimant and not is_over then
            answer = holder
        else
            redis.call('HSET', keys[1], subject, claimant)
            redis.call('ZADD', keys[2], decimal(server + lifetime), subject)
        end
        answers[#answers + 1] = answer
    end
    redis.call('PEXPIRE', keys[1], decimal(lifetime + 60000))
    redis.call('PEXPIRE', keys[2], decimal(lifetime + 60000))
    return {'claims', answers}
end)
