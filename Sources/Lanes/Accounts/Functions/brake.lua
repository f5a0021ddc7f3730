-- brake: what a platform still takes of an account, for all workers; or nothing of the kind any more.
--
-- Guarantee:  of two brakes that overlap the stricter stands, of equally strict ones the one that ends later, with its
--             own reason and writer: what is known of an account that a person has to see to is not painted over by a
--             limit of a minute. A looser one leaves nothing behind: the platform's next answer says again how much of a
--             limit is used. A brake ends by itself, by Redis's clock. Releasing removes it whoever set it.
--             `block` brakes for a platform that blocks the account. What stood before, or comes meanwhile, is kept beneath it:
--             `unblock` takes the block away and nothing else, whoever braked besides. A brake that is stricter than the block, or
--             as strict and longer, stands in its place. What is kept beneath is seen by nobody until then, and goes with the end
--             of the block. A function of a release before `block` keeps nothing beneath, and may paint the block over.
-- KEYS:       1 limits: until, lets, reason, by; block: the end of the brake that stands, if it is the platform's block;
--             beneath_until, beneath_lets, beneath_reason, beneath_by
-- ARGV:       1 brake or block, 2 for so many ms, 3 the least urgent rank that still goes (0: nothing goes), 4 reason, 5 by;
--             or 1 unblock or release
-- Returns:    braked until lets reason by, of the one that stands | released | kept (unblock: there was no block)
-- Complexity: O(1)

local standing = {'until', 'lets', 'reason', 'by'}
local beneath = {'beneath_until', 'beneath_lets', 'beneath_reason', 'beneath_by'}

-- A brake as {end, rank, reason, writer}; nil if there is none or it is over.
local function read(key, names, server)
    local found = redis.call('HMGET', key, unpack(names))
    local ends = tonumber(found[1] or 0) or 0
    if ends <= server then return nil end
    return {math.min(ends, most_ms), tonumber(found[2] or 0) or 0, found[3] or '', found[4] or ''}
end

local function stricter(before, new)
    if not before or not new then return before or new end
    if before[2] < new[2] or (before[2] == new[2] and before[1] > new[1]) then return before end
    return new
end

local function write(key, top, is_block, below)
    redis.call('HDEL', key, 'block', unpack(beneath))
    if not top then
        redis.call('HDEL', key, unpack(standing))
        return
    end
    local ends = decimal(top[1])
    redis.call('HSET', key, 'until', ends, 'lets', decimal(top[2]), 'reason', top[3], 'by', top[4])
    if is_block then redis.call('HSET', key, 'block', ends) end
    if is_block and below then
        redis.call('HSET', key, 'beneath_until', decimal(below[1]), 'beneath_lets', decimal(below[2]),
            'beneath_reason', below[3], 'beneath_by', below[4])
    end
    redis.call('PEXPIREAT', key, ends)
end

-- The brake that is asked for; checked before any key is looked at, since a look removes what has expired.
local function asked(args, server)
    if (args[1] ~= 'brake' and args[1] ~= 'block') or #args ~= 5 then
        bad('brake', 'brake or block with 5 arguments, unblock or release', args[1])
    end
    expect_short(args[4], 600, 'brake reason')
    expect_short(args[5], 200, 'brake writer')
    return {
        server + whole(args[2], 31536000000, 'brake duration'), whole(args[3], 100, 'brake rank'), args[4], args[5]
    }
end

register('brake', {'allow-oom'}, function(keys, args)
    expect_counts('brake', keys, 1, args, 1)
    local key, verb, server = keys[1], args[1], server_ms()
    local new
    if verb ~= 'release' and verb ~= 'unblock' then new = asked(args, server) end
    if verb == 'release' then
        write(key, nil)
        return {'released'}
    end
    local before = read(key, standing, server)
    local is_blocked = before ~= nil and tonumber(redis.call('HGET', key, 'block') or 0) == before[1]
    local below = is_blocked and read(key, beneath, server) or nil
    if verb == 'unblock' then
        if not is_blocked then return {'kept'} end
        write(key, below)
        return {'released'}
    end
    local top = stricter(before, new)
    if verb == 'block' then
        local other = below
        if not is_blocked then other = before end
        write(key, top, top == new or is_blocked, other)
    elseif is_blocked and top == before then
        write(key, before, true, stricter(below, new))
    else
        write(key, top, false)
    end
    return {'braked', top[1], top[2], top[3], top[4]}
end)
