-- forget: what a lane's owner notes about persons to be forgotten.
--
-- Guarantee:  fenced like a commit: fields go and come in one step, or none does. A lane that was retired has no owner, and
--             takes the token `retired` as long as it is.
-- KEYS:       1 lane, 2 forgotten
-- ARGV:       1 token, 2 fields that go (to 256), 3 fields to write (to 256); then the fields that go, then
--             (field, value)
-- Returns:    noted | fenced
-- Complexity: O(fields)
register('forget', {'allow-oom'}, function(keys, args)
    expect_counts('forget', keys, 2, args, 3)
    local lane = redis.call('HMGET', keys[1], 'token', 'move')
    if is_fenced(lane[1], lane[2], args[1], false) then return {'fenced'} end
    local gone = whole(args[2], 256, 'forget fields')
    local written = whole(args[3], 256, 'forget fields')
    if #args ~= 3 + gone + 2 * written then bad('forget', 3 + gone + 2 * written .. ' arguments', #args) end
    redis.call('HLEN', keys[2])
    in_slices('HDEL', keys[2], args, 4, gone)
    in_slices('HSET', keys[2], args, 4 + gone, 2 * written)
    return {'noted'}
end)
