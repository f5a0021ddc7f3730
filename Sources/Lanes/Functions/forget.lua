-- forget: what a lane's owner notes about persons to be forgotten.
--
-- Guarantee:  fenced like a commit: fields go and come in one step, or none does.
-- KEYS:       1 lane, 2 forgotten
-- ARGV:       1 token, 2 fields that go (to 256), 3 fields to write (to 256); then the fields that go, then
--             (field, value)
-- Returns:    noted | fenced
-- Complexity: O(fields)
register('forget', {'allow-oom'}, function(keys, args)
    expect_counts('forget', keys, 2, args, 3)
    local token = redis.call('HGET', keys[1], 'token')
    if not token or token == '' or token ~= args[1] then return {'fenced'} end
    local gone = whole(args[2], 256, 'forget fields')
    local written = whole(args[3], 256, 'forget fields')
    if #args ~= 3 + gone + 2 * written then bad('forget', 3 + gone + 2 * written .. ' arguments', #args) end
    redis.call('HLEN', keys[2])
    in_slices('HDEL', keys[2], args, 4, gone)
    in_slices('HSET', keys[2], args, 4 + gone, 2 * written)
    return {'noted'}
end)
