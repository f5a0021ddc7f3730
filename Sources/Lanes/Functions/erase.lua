-- erase: what a lane holds of a person goes, and what stood beside it stays.
--
-- Guarantee:  fenced like a commit, and while a move has the lane frozen; a lane that was retired has no owner, and takes the
--             token `retired:<term>` as long as it is and no leader of a later term has come; in one step: entries of the log are deleted
--             (only decided ones), their other events kept by position, and states, timers, actions, open items,
--             dead letters and batches of results removed; states, open items and kept things may be written anew. Saying it
--             again changes nothing more. Nothing of an erased entry remains in the log, nor in what its bytes count.
-- KEYS:       1 lane, 2 log, 3 kept, 4 timers, 5 outbox, 6 actions, 7 open, 8 dead, 9 results,
--             10… state hashes touched
-- ARGV:       1 token, 2 entries (to 64), 3 things to keep, 4 timers, 5 actions, 6 open items, 7 dead letters,
--             8 kept things that go, 9 batches of results that go, 10 open items to write, 11 groups of states that go,
--             12 groups of states to write (each list to 1,000); then the lists in this order: entry ids, (field, value),
--             entities, ids, conversations, entry ids of dead letters, fields, entry ids of results, (conversation, bytes),
--             {key number, n, n × entity}, {key number, n, n × (entity, bytes)}. A field is `<entry>/<index>` for an event, `r/<entry>` for results.
-- Returns:    erased entries bytes | fenced
-- Complexity: O(elements + bytes of the entries)

local widths = {1, 2, 1, 1, 1, 1, 1, 1, 2}

local function groups(keys, args, at, count, width)
    local found = {}
    for _ = 1, count do
        local key = whole(args[at], #keys, 'erase state key')
        local members = whole(args[at + 1], 1000, 'erase states')
        if key < 10 or members < 1 then bad('erase states', 'a key from 10 and at least one element', args[at]) end
        redis.call('HLEN', keys[key])
        found[#found + 1] = {keys[key], at + 2, members * width}
        at = at + 2 + members * width
    end
    return found, at
end

local function layout(keys, args)
    local counts = {whole(args[2], 64, 'erase entries')}
    for i = 3, 12 do counts[i - 1] = whole(args[i], 1000, 'erase counts') end
    local starts, at = {}, 13
    for i = 1, 9 do
        starts[i] = at
        at = at + counts[i] * widths[i]
    end
    local gone, written
    gone, at = groups(keys, args, at, counts[10], 1)
    written, at = groups(keys, args, at, counts[11], 2)
    if at ~= #args + 1 then bad('erase', at - 1 .. ' arguments', #args) end
    return counts, starts, gone, written
end

local function check_field(field)
    local batch = string.match(field, '^r/(.*)$')
    if batch then
        entry_id(batch, 'erase field')
        return
    end
    local entry, index = string.match(field, '^(.*)/(%d+)$')
    if not entry then bad('erase field', '<ms>-<sequence>/<index> or r/<ms>-<sequence>', field) end
    entry_id(entry, 'erase field')
    whole(index, 255, 'erase field')
end

local function check(keys, args, counts, starts, cursor)
    local bytes = 0
    for i = starts[1], starts[2] - 1 do
        entry_id(args[i], 'erase entry')
        if not precedes(args[i], cursor) then bad('erase entry', 'one before the cursor ' .. cursor, args[i]) end
        local found = redis.call('XRANGE', keys[2], args[i], args[i])[1]
        if found then bytes = bytes + #(found[2][2] or '') end
    end
    for i = starts[2], starts[3] - 1, 2 do check_field(args[i]) end
    for i = starts[7], starts[8] - 1 do check_field(args[i]) end
    for i = starts[6], starts[7] - 1 do entry_id(args[i], 'erase dead letter') end
    for i = starts[8], starts[8] + counts[8] - 1 do entry_id(args[i], 'erase results') end
    redis.call('XLEN', keys[2])
    redis.call('HLEN', keys[3])
    redis.call('ZCARD', keys[4])
    redis.call('ZCARD', keys[5])
    redis.call('HLEN', keys[6])
    redis.call('HLEN', keys[7])
    redis.call('XLEN', keys[8])
    redis.call('XLEN', keys[9])
    return bytes
end

register('erase', {'allow-oom'}, function(keys, args)
    expect_counts('erase', keys, 9, args, 12)
    local lane = redis.call('HMGET', keys[1], 'token', 'cursor', 'bytes', 'move', 'walker')
    if is_fenced(lane[1], lane[4], args[1], true, lane[5]) then return {'fenced'} end
    local counts, starts, gone, written = layout(keys, args)
    local stored_bytes = stored(lane[3], 'bytes')
    local bytes = check(keys, args, counts, starts, lane[2] or '0-0')

    in_slices('HDEL', keys[3], args, starts[7], counts[7])
    in_slices('HSET', keys[3], args, starts[2], 2 * counts[2])
    local erased = 0
    if counts[1] > 0 then erased = redis.call('XDEL', keys[2], unpack(args, starts[1], starts[2] - 1)) end
    in_slices('ZREM', keys[4], args, starts[3], counts[3])
    in_slices('ZREM', keys[5], args, starts[4], counts[4])
    in_slices('HDEL', keys[6], args, starts[4], counts[4])
    in_slices('HDEL', keys[7], args, starts[5], counts[5])
    in_slices('HSET', keys[7], args, starts[9], 2 * counts[9])
    in_slices('XDEL', keys[8], args, starts[6], counts[6])
    in_slices('XDEL', keys[9], args, starts[8], counts[8])
    for _, group in ipairs(gone) do in_slices('HDEL', group[1], args, group[2], group[3]) end
    for _, group in ipairs(written) do in_slices('HSET', group[1], args, group[2], group[3]) end
    redis.call('HSET', keys[1], 'bytes', decimal(math.max(0, stored_bytes - bytes)), 'due',
        first_score(keys[4]))
    return {'erased', erased, bytes}
end)
