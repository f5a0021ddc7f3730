-- forget: what a lane's owner notes about persons to be forgotten.
--
-- Guarantee:  fenced like a commit: fields go and come in one step, or none does. A lane that was retired has no owner: as long
--             as it is, it takes the token `retired` of whoever gives an order, and `retired:<term>` of the leader that walks
--             through it, who from then on keeps leaders of earlier terms out. Nothing is written if one of the fields that must
--             not be there is.
-- KEYS:       1 lane, 2 forgotten
-- ARGV:       1 token, 2 fields that go (to 256), 3 fields to write (to 256), 4 fields that must not be there (to 256); then
--             the fields that go, those that must not be there, then (field, value)
-- Returns:    noted | known | fenced
-- Complexity: O(fields)
register('forget', {'allow-oom'}, function(keys, args)
    expect_counts('forget', keys, 2, args, 4)
    local lane = redis.call('HMGET', keys[1], 'token', 'move', 'walker')
    if is_fenced(lane[1], lane[2], args[1], false, lane[3]) then return {'fenced'} end
    local gone = whole(args[2], 256, 'forget fields')
    local written = whole(args[3], 256, 'forget fields')
    local absent = whole(args[4], 256, 'forget fields')
    local first = 5 + gone + absent
    if #args ~= first - 1 + 2 * written then bad('forget', first - 1 + 2 * written .. ' arguments', #args) end
    redis.call('HLEN', keys[2])
    for i = 5 + gone, first - 1 do
        if redis.call('HEXISTS', keys[2], args[i]) == 1 then return {'known'} end
    end
    local term = walker_term(args[1])

    if term then redis.call('HSET', keys[1], 'walker', decimal(term)) end
    in_slices('HDEL', keys[2], args, 5, gone)
    in_slices('HSET', keys[2], args, first, 2 * written)
    return {'noted'}
end)
