-- release: the owner gives a lane back, and the release wakes its heir.
--
-- Guarantee:  only the owner's token releases; afterwards it commits nothing more. What was handed out and not
--             committed is decided by the next owner, and is no death.
-- KEYS:       1 lane, 2 wake channel
-- ARGV:       1 token
-- Returns:    released | fenced
-- Complexity: O(1)

register('release', {'allow-oom'}, function(keys, args)
    expect_counts('release', keys, 2, args, 1)
    local token = redis.call('HGET', keys[1], 'token')
    if not token or token == '' or token ~= args[1] then return {'fenced'} end
    redis.call('HSET', keys[1], 'owner', '', 'token', '', 'busy', '')
    redis.call('SPUBLISH', keys[2], 'released')
    return {'released'}
end)
