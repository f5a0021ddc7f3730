-- lease: tokens of an account's limits for one worker, good until the end of the slot of time that they belong to; and
-- what brakes the account, in the same look.
--
-- Guarantee:  of one slot of a limit no more tokens are given than it has, all workers together. A token is good within
--             its slot only, so what a dead worker held lapses with the slot. An eighth of a slot is kept for what is
--             urgent, which may have whatever is left of all. Of the rest a worker gets in the first half of a slot its
--             share by the number of workers that asked in the slot before, or ask now; in the second half whatever is
--             left. While a brake stands, a slot has half. Tokens that are given back in their slot can be given again.
--             Slots are Redis's clock divided by their length.
-- KEYS:       1 limits (the brake), 2… one a limit and length: slot, given, before, w:<worker> with what that worker has
-- ARGV:       1 worker, then for each limit 2 tokens of a slot, 3 its length in ms, 4 wanted, 5 how many of them are
--             urgent, 6 given back, 7 the slot that these are of
-- Returns:    leased until lets reason by {granted, slot, its end in ms, the instant in ms from which on asking again may help, …};
--             until and lets are empty without a brake
-- Complexity: O(limits)

register('lease', {'allow-oom'}, function(keys, args)
    expect_counts('lease', keys, 1, args, 1)
    local number = #keys - 1
    if number > 8 or #args ~= 1 + 6 * number then bad('lease', '1 to 8 limits with 6 arguments each', #args) end
    expect_short(args[1], 200, 'lease worker')
    local asks = {}
    for i = 1, number do
        local at = 6 * i - 4
        asks[i] = {
            most = whole(args[at], 1000000, 'lease tokens'), length = whole(args[at + 1], 86400000, 'lease slot length'),
            wanted = whole(args[at + 2], 1000000, 'lease wanted'), urgent = whole(args[at + 3], 1000000, 'lease urgent'),
            back = whole(args[at + 4], 1000000, 'lease given back'), slot = whole(args[at + 5], most_ms, 'lease slot')
        }
        if asks[i].length == 0 then bad('lease', 'a slot length over 0', args[at + 1]) end
        redis.call('HLEN', keys[i + 1])
    end
    local brake = redis.call('HMGET', keys[1], 'until', 'lets', 'reason', 'by')

    local server, grants = server_ms(), {}
    local is_braked = tonumber(brake[1] or 0) > server
    local mine_name = 'w:' .. args[1]
    for i, ask in ipairs(asks) do
        local key, slot = keys[i + 1], math.floor(server / ask.length)
        local known = redis.call('HMGET', key, 'slot', 'given', 'before', mine_name)
        local given, before, mine = tonumber(known[2] or 0), tonumber(known[3] or 1), tonumber(known[4] or 0)
        local has_asked = known[4]
        if tonumber(known[1] or -1) ~= slot then
            before = tonumber(known[1] or -1) == slot - 1 and math.max(1, redis.call('HLEN', key) - 3) or 1
            given, mine, has_asked = 0, 0, false
            redis.call('DEL', key)
            redis.call('HSET', key, 'slot', decimal(slot), 'given', '0', 'before', decimal(before))
        end
        if ask.back > 0 and ask.slot == slot then
            local back = math.min(ask.back, mine, given)
            given, mine = given - back, mine - back
        end
        local most = ask.most
        if is_braked then most = math.max(1, math.floor(most / 2)) end
        local half, ends = slot * ask.length + math.floor(ask.length / 2), (slot + 1) * ask.length
        -- The reserve is the slot's, not each worker's: shares are of what is left without it.
        local usual = most - math.floor(most / 8)
        local open, again = usual - given, ends
        if server < half then
            local askers = redis.call('HLEN', key) - 3
            if ask.wanted > 0 and not has_asked then askers = askers + 1 end
            local share = math.ceil(usual / math.max(1, before, askers)) - mine
            if share < open then open, again = share, half end
        end
        local urgent = math.min(ask.urgent, ask.wanted, most - given)
        local granted = math.max(0, math.min(ask.wanted, open), urgent)
        -- For what is urgent there is nothing more until the slot is over.
        if urgent < math.min(ask.urgent, ask.wanted) then again = ends end
        if ask.wanted > 0 or ask.back > 0 then
            redis.call('HSET', key, 'given', decimal(given + granted), mine_name, decimal(mine + granted))
        end
        redis.call('PEXPIRE', key, decimal(2 * ask.length + 1000))
        grants[#grants + 1] = granted
        grants[#grants + 1] = slot
        grants[#grants + 1] = ends
        grants[#grants + 1] = again
    end
    return {'leased', brake[1] or '', brake[2] or '', brake[3] or '', brake[4] or '', grants}
end)
