-- What all transitions of a library use. It stands in front of them in the assembled library (VersionedLibrary), and
-- each of them in a `do` block of its own behind it.
--
-- Guarantee:  only checks and readings here; nothing writes. A check that fails raises `NSBAD`, and since every
--             transition checks all before its first write, a raised error means that nothing was written.
-- KEYS, ARGV: given by the transition.
-- Returns:    see each function.
-- Complexity: O(1) unless said otherwise.

local function register(name, flags, callback)
    redis.register_function {
        function_name = function_prefix .. name .. function_suffix, callback = callback, flags = flags
    }
end

-- Ends the call with an error that names what was expected and what came; a foreign value is cut short.
local function bad(where, expected, came)
    error({err = 'NSBAD ' .. where .. ': expected ' .. expected .. ', got '
        .. string.gsub(string.sub(tostring(came), 1, 40), '[^%w%.:/_-]', '?')})
end

-- A whole number from 0 to `most` (at most 2^53 - 1, up to where doubles count), in digits without leading zeros.
local function whole(text, most, where)
    if text == '0' then return 0 end
    local number = text and #text <= 16 and string.find(text, '^%d+$') and tonumber(text)
    if not number or number > most or (#text > 1 and string.byte(text) == 48) then
        bad(where, 'a whole number up to ' .. string.format('%d', most), text)
    end
    return number
end

local most_ms = 8999999999999999

local function decimal(number)
    return string.format('%d', number)
end

-- Milliseconds as number and sequence as text of an entry id `<ms>-<sequence>`. A sequence may exceed what doubles
-- count, so it stays text: two of them compare by length, then as text.
local function entry_id(text, where)
    local ms, sequence = string.match(text or '', '^(%d+)%-(%d+)$')
    if not ms or #ms > 16 or #sequence > 20 or (#ms > 1 and string.byte(ms) == 48)
        or (#sequence > 1 and string.byte(sequence) == 48)
        or (#sequence == 20 and sequence > '18446744073709551615') or tonumber(ms) > most_ms then
        bad(where, 'an entry id <ms>-<sequence>', text)
    end
    return tonumber(ms), sequence
end

-- A whole number of a lane's hash; 0 if the field is missing or empty. The hash may have been edited by hand: what is no
-- number ends the call here, before anything is written.
local function stored(text, field)
    if not text or text == '' then return 0 end
    local number = tonumber(text)
    if not number or number < 0 or number > most_ms or number % 1 ~= 0 then
        bad('stored ' .. field, 'a whole number up to ' .. string.format('%d', most_ms), text)
    end
    return number
end

-- An entry id of a lane's hash, checked like a number; '' if the field is missing.
local function stored_entry(text, field)
    if not text or text == '' then return '' end
    entry_id(text, 'stored ' .. field)
    return text
end

-- Whether the stored or checked entry id `left` comes before `right`.
local function precedes(left, right)
    if left == right then return false end
    local left_ms, left_sequence = entry_id(left, 'stored entry id')
    local right_ms, right_sequence = entry_id(right, 'stored entry id')
    if left_ms ~= right_ms then return left_ms < right_ms end
    if #left_sequence ~= #right_sequence then return #left_sequence < #right_sequence end
    return left_sequence < right_sequence
end

-- Redis's clock in ms. Within one call it stands still.
local function server_ms()
    local time = redis.call('TIME')
    return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

-- The lane's clock, its offset and the server's clock, from the two fields of the lane's hash.
local function lane_clock(now, offset)
    local ahead, server = stored(offset, 'offset'), server_ms()
    local clock = math.max(server + ahead, stored(now, 'now'))
    if clock > most_ms then bad('stored offset', 'an instant up to ' .. string.format('%d', most_ms), offset) end
    return clock, ahead, server
end

-- The last entry id that a stream ever had; raises if the key is no stream.
local function last_id(key)
    if redis.call('EXISTS', key) == 0 then return '0-0' end
    local facts = redis.call('XINFO', 'STREAM', key)
    for i = 1, #facts, 2 do
        if facts[i] == 'last-generated-id' then return facts[i + 1] end
    end
    return '0-0'
end

-- An instant in ms out of a score, whatever somebody wrote there: one that is none fires soon, or never.
local function score_ms(score)
    local number = tonumber(score)
    if not number or not (number >= 0) then return '0' end
    return decimal(math.floor(math.min(number, most_ms)))
end

-- Score of the first member of a sorted set as an instant, or ''; raises if the key is none.
local function first_score(key)
    local score = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')[2]
    return score and score_ms(score) or ''
end

-- One more field and value for an HSET.
local function add(changes, field, value)
    changes[#changes + 1] = field
    changes[#changes + 1] = value
end

-- The term of the leader that walks through a retired lane, of its token `retired:<term>`; nil for any other token.
local function walker_term(given)
    local term = string.match(given, '^retired:(.*)$')
    return term and whole(term, most_ms, 'term')
end

-- Whether a call must not write: its token is not the owner's, or a move has the lane frozen and `stands_still`. A retired
-- lane has no owner; `retired`, which is no owner's token, writes there until a move takes the lane into use again, and so does
-- `retired:<term>`, unless a leader of a later term has come: `walker` is the latest.
local function is_fenced(token, move, given, stands_still, walker)
    local term = walker_term(given)
    if given == 'retired' or term then
        return move ~= 'retired' or (term ~= nil and term < stored(walker, 'walker'))
    end
    return not token or token == '' or token ~= given or (stands_still and (move or '') ~= '')
end

-- How a lane that a move stops was kept before: what `shut_fields` restores.
local function shut_as(closed, draining)
    return draining == '1' and 'draining' or closed == '1' and 'closed' or 'open'
end

-- Fields of a lane that is let go again, as it was kept before; what no call has noted counts as open.
local function shut_fields(shut)
    local draining, closed = shut == 'draining', shut == 'draining' or shut == 'closed'
    return 'closed', closed and '1' or '0', 'draining', draining and '1' or '0', 'settling', '0'
end

local function expect_counts(where, keys, least_keys, args, least_args)
    if #keys < least_keys then bad(where, least_keys .. ' keys', #keys) end
    if #args < least_args then bad(where, least_args .. ' arguments', #args) end
end

local function expect_short(text, most, where)
    if #text < 1 or #text > most then bad(where, '1 to ' .. most .. ' bytes', #text) end
end

-- Runs `command key args[from] … args[from + count - 1]` in slices of 1,000 arguments: `unpack` is bounded by Lua's
-- stack. An even slice keeps pairs together. O(count).
local function in_slices(command, key, args, from, count)
    local last = from + count - 1
    while from <= last do
        local upto = math.min(from + 999, last)
        redis.call(command, key, unpack(args, from, upto))
        from = upto + 1
    end
end

-- The 13 bytes in front of an action: attempts (u32), flags (1 an attempt is open, 2 no retry), deadline (u64 ms),
-- all big-endian. Without an open attempt the deadline is 0, or 1 if an earlier attempt may have had its effect: not a
-- flag, since workers of before read any flag from 2 on as `no retry`. What is too short to hold them counts as untried.
local function action_header(value)
    if #value < 13 then return 0, false, false, 0, false end
    local attempts, flags, high, low = struct.unpack('>I4BI4I4', value)
    local is_open = flags % 2 == 1
    return attempts, is_open, flags >= 2, high * 4294967296 + low, not is_open and low == 1
end

local function with_action_header(value, attempts, is_open, no_retry, deadline)
    local flags = (is_open and 1 or 0) + (no_retry and 2 or 0)
    local high = math.floor(deadline / 4294967296)
    return struct.pack('>I4BI4I4', attempts, flags, high, deadline - high * 4294967296) .. string.sub(value, 14)
end
