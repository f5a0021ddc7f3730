-- brake: what a platform still takes of an account, for all workers; or nothing of the kind any more.
--
-- Guarantee:  of two brakes that overlap both hold: the later end, and the stricter of what they let through. A brake
--             ends by itself, by Redis's clock. Releasing removes it whoever set it.
-- KEYS:       1 limits: until, lets, reason, by
-- ARGV:       1 brake, 2 for so many ms, 3 the least urgent rank that still goes (0: nothing goes), 4 reason, 5 by;
--             or 1 release
-- Returns:    braked until lets | released
-- Complexity: O(1)

register('brake', {'allow-oom'}, function(keys, args)
    expect_counts('brake', keys, 1, args, 1)
    if args[1] == 'release' then
        redis.call('HDEL', keys[1], 'until', 'lets', 'reason', 'by')
        return {'released'}
    end
    if args[1] ~= 'brake' or #args ~= 5 then bad('brake', 'brake with 5 arguments, or release', args[1]) end
    local server = server_ms()
    local ends = server + whole(args[2], 31536000000, 'brake duration')
    local lets = whole(args[3], 100, 'brake rank')
    expect_short(args[4], 600, 'brake reason')
    expect_short(args[5], 200, 'brake writer')
    local before = redis.call('HMGET', keys[1], 'until', 'lets')
    local before_end = tonumber(before[1] or 0)
    if before_end > server then
        ends = math.max(ends, before_end)
        lets = math.min(lets, tonumber(before[2] or 0))
    end
    redis.call('HSET', keys[1], 'until', decimal(ends), 'lets', decimal(lets), 'reason', args[4], 'by', args[5])
    redis.call('PEXPIREAT', keys[1], decimal(ends))
    return {'braked', ends, lets}
end)
