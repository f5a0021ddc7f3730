-- brake: what a platform still takes of an account, for all workers; or nothing of the kind any more.
--
-- Guarantee:  of two brakes that overlap the stricter stands, of equally strict ones the one that ends later, with its
--             own reason and writer: what is known of an account that a person has to see to is not painted over by a
--             limit of a minute. A looser one leaves nothing behind: the platform's next answer says again how much of a
--             limit is used. A brake ends by itself, by Redis's clock. Releasing removes it whoever set it.
-- KEYS:       1 limits: until, lets, reason, by
-- ARGV:       1 brake, 2 for so many ms, 3 the least urgent rank that still goes (0: nothing goes), 4 reason, 5 by;
--             or 1 release
-- Returns:    braked until lets reason by, of the one that stands | released
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
    local before = redis.call('HMGET', keys[1], 'until', 'lets', 'reason', 'by')
    local before_end, before_lets = tonumber(before[1] or 0) or 0, tonumber(before[2] or 0) or 0
    if before_end > server and (before_lets < lets or (before_lets == lets and before_end > ends)) then
        return {'braked', before_end, before_lets, before[3] or '', before[4] or ''}
    end
    redis.call('HSET', keys[1], 'until', decimal(ends), 'lets', decimal(lets), 'reason', args[4], 'by', args[5])
    redis.call('PEXPIREAT', keys[1], decimal(ends))
    return {'braked', ends, lets, args[4], args[5]}
end)
