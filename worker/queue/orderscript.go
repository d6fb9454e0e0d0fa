package queue

import "github.com/redis/go-redis/v9"

// The scripts of an [order]. All keys stand in one hash slot, and the lists'
// names are made of KEYS[1] and an organization: a script finds out only while
// it runs whose turn it is.
//
// KEYS: 1 base, 2 turns, 3 served, 4 entries, 5 taken, 6 clock.
// ARGV[1]: how long keys that nobody touches live, in ms.
const orderPrelude = `
local base, turns, served, entries, taken, clock = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local function digits(n) return string.format('%.0f', n) end

local function listOf(org) return base .. 'org:' .. org end

-- touch lets everything live on.
local function touch(org)
  for i = 2, 6 do redis.call('PEXPIRE', KEYS[i], ARGV[1]) end
  if org then redis.call('PEXPIRE', listOf(org), ARGV[1]) end
end

local function lowest(key)
  local first = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
  return first[1], tonumber(first[2] or '0')
end

-- first gives a waiting organization the next turn, before those that never had one.
local function first(org)
  if redis.call('ZSCORE', turns, org) then
    redis.call('ZADD', turns, digits(-6755399441055744 - redis.call('INCR', clock)), org)
  end
end

-- wait puts a video in its organization's list: at the end, or before all
-- others. An organization that was not served lately comes before those that
-- were, the one that came first before the others.
local function wait(id, before)
  local org, member = string.match(id, '^([^:]+):(.+)$')
  local list = listOf(org)
  local place
  if before then
    local _, least = lowest(list)
    place = math.min(least, 0) - 1
  else
    place = redis.call('INCR', clock)
  end
  redis.call('ZADD', list, digits(place), member)
  if not redis.call('ZSCORE', turns, org) then
    local turn = redis.call('ZSCORE', served, org)
    if not turn then turn = redis.call('INCR', clock) - 4503599627370496 end
    redis.call('ZADD', turns, digits(tonumber(turn)), org)
  end
  return org
end

-- entryOf reads fence, arrival and mark of a video; nil when it is not known.
local function entryOf(id)
  local entry = redis.call('HGET', entries, id)
  if not entry then return nil end
  local fence, since, mark = string.match(entry, '^(%d+):(%d+):(%a?)$')
  return tonumber(fence), since, mark
end
local function note(id, fence, since, mark)
  redis.call('HSET', entries, id, digits(fence) .. ':' .. since .. ':' .. mark)
end

-- restore brings back what was taken and neither renewed nor done: its worker
-- has died, so it and its organization come next; or it rests (mark r), then it
-- goes to the end of its list.
local function restore(most)
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', taken, '-inf', digits(now), 'LIMIT', 0, most)) do
    redis.call('ZREM', taken, id)
    local fence, since, mark = entryOf(id)
    if fence then
      note(id, fence, since, '')
      local org = wait(id, mark ~= 'r')
      if mark ~= 'r' then first(org) end
      touch(org)
    end
  end
end
`

// addScript answers 1 when the video waits, 0 when a living worker has it, 2
// when there is no room.
//
// ARGV: 2 id, 3 fence, 4 whether its work has begun before, 5 most entries.
var addScript = redis.NewScript(orderPrelude + `
restore(16)
local id, fence = ARGV[2], tonumber(ARGV[3])
local org, member = string.match(id, '^([^:]+):(.+)$')
local known, since = entryOf(id)
if known then
  touch(org)
  if redis.call('ZSCORE', taken, id) then
    if fence <= known then return 0 end
    -- The record says that the one who took it has lost it.
    redis.call('ZREM', taken, id)
    note(id, fence, since, '')
    wait(id, true)
    first(org)
    return 1
  end
  if redis.call('ZSCORE', listOf(org), member) then
    if fence > known then note(id, fence, since, '') end
    return 1
  end
elseif redis.call('HLEN', entries) >= tonumber(ARGV[5]) then
  return 2
end
note(id, fence, digits(now), '')
wait(id, ARGV[4] == '1')
touch(org)
return 1
`)

// takeScript answers {id, fence} of the next video; {} when none waits, and
// {""} when the permit's own (ARGV[2]) is with a living worker.
//
// ARGV: 2 id, 3 ms after which the taken video comes back, 4 how many served
// organizations are remembered.
var takeScript = redis.NewScript(orderPrelude + `
restore(16)
for _ = 1, 100 do
  local org = lowest(turns)
  if not org then break end
  local list = listOf(org)
  local member = lowest(list)
  if member then
    redis.call('ZREM', list, member)
    local turn = digits(redis.call('INCR', clock))
    redis.call('ZADD', served, turn, org)
    redis.call('ZREMRANGEBYRANK', served, 0, -1 - tonumber(ARGV[4]))
    if redis.call('ZCARD', list) == 0 then
      redis.call('ZREM', turns, org)
    else
      redis.call('ZADD', turns, turn, org)
    end
    local id = org .. ':' .. member
    local fence = entryOf(id)
    if fence then
      redis.call('ZADD', taken, digits(now + tonumber(ARGV[3])), id)
      touch(org)
      return {id, digits(fence)}
    end
  else
    redis.call('ZREM', turns, org)
  end
end
if redis.call('ZSCORE', taken, ARGV[2]) then return {''} end
return {}
`)

// leaveScript ends a taking, unless the video was given to somebody else since.
// It answers whether it did.
//
// ARGV: 2 id, 3 fence as it was taken, 4 what becomes of it (done; skip: nothing
// was to do, so the turn was not used; back: it is the next one again; rest),
// 5 ms of the rest.
var leaveScript = redis.NewScript(orderPrelude + `
local id = ARGV[2]
local fence, since = entryOf(id)
if not fence or digits(fence) ~= ARGV[3] or not redis.call('ZSCORE', taken, id) then return 0 end
local org = string.match(id, '^[^:]+')
if ARGV[4] == 'rest' then
  note(id, fence, since, 'r')
  redis.call('ZADD', taken, digits(now + tonumber(ARGV[5])), id)
  return 1
end
redis.call('ZREM', taken, id)
if ARGV[4] == 'back' then
  wait(id, true)
  first(org)
  touch(org)
  return 1
end
redis.call('HDEL', entries, id)
if ARGV[4] == 'skip' then first(org) end
return 1
`)

// forgetScript takes a waiting video out of line; what is taken, its worker leaves.
//
// ARGV: 2 id.
var forgetScript = redis.NewScript(orderPrelude + `
local id = ARGV[2]
local org, member = string.match(id, '^([^:]+):(.+)$')
if redis.call('ZREM', listOf(org), member) == 0 then return 0 end
redis.call('HDEL', entries, id)
if redis.call('ZCARD', listOf(org)) == 0 then redis.call('ZREM', turns, org) end
return 1
`)

// renewScript lets takings live on.
//
// ARGV: 2 ms, then pairs of id and fence.
var renewScript = redis.NewScript(orderPrelude + `
for i = 3, #ARGV, 2 do
  local fence, _, mark = entryOf(ARGV[i])
  if fence and digits(fence) == ARGV[i + 1] and mark ~= 'r' then
    redis.call('ZADD', taken, 'XX', digits(now + tonumber(ARGV[2])), ARGV[i])
  end
end
touch()
return 1
`)

// lackScript answers, for each pair of id and fence, whether the order knows
// the video: 1 or 0.
//
// ARGV: 2 on: pairs of id and fence.
var lackScript = redis.NewScript(orderPrelude + `
local out = {}
for i = 2, #ARGV, 2 do
  local fence = entryOf(ARGV[i])
  local known = 0
  if fence then
    if redis.call('ZSCORE', taken, ARGV[i]) then
      if fence >= tonumber(ARGV[i + 1]) then known = 1 end
    else
      local org, member = string.match(ARGV[i], '^([^:]+):(.+)$')
      if redis.call('ZSCORE', listOf(org), member) then known = 1 end
    end
  end
  out[#out + 1] = known
end
return out
`)

// waitingScript brings lapsed takings back, and answers {number that waits, ids
// and fences in pairs of some that wait}.
//
// ARGV: 2 most ids.
var waitingScript = redis.NewScript(orderPrelude + `
restore(100)
local most = tonumber(ARGV[2])
local out = {redis.call('HLEN', entries) - redis.call('ZCARD', taken)}
for _, org in ipairs(redis.call('ZRANGE', turns, 0, most - 1)) do
  for _, member in ipairs(redis.call('ZRANGE', listOf(org), 0, most - 1)) do
    local id = org .. ':' .. member
    local fence = entryOf(id)
    if fence then
      out[#out + 1] = id
      out[#out + 1] = digits(fence)
      most = most - 1
    end
  end
  if most <= 0 then break end
end
return out
`)

// positionScript answers {place of the organization in the turns, members…},
// {how many wait in each organization, in the order of turns}, {each member's
// place in its list, or -1}; {} when the organization waits for nothing, or more
// organizations wait than are counted.
//
// ARGV: 2 organization, 3 most organizations, 4 how many of its first videos
// are asked for, 5 on: further members.
var positionScript = redis.NewScript(orderPrelude + `
local org = ARGV[2]
local at = redis.call('ZRANK', turns, org)
if not at or redis.call('ZCARD', turns) > tonumber(ARGV[3]) then return {} end
local list = listOf(org)
local members, sizes, places = {at}, {}, {}
if tonumber(ARGV[4]) > 0 then
  for i, member in ipairs(redis.call('ZRANGE', list, 0, tonumber(ARGV[4]) - 1)) do
    members[#members + 1] = member
    places[#places + 1] = i - 1
  end
end
for i = 5, #ARGV do
  members[#members + 1] = ARGV[i]
  local place = redis.call('ZRANK', list, ARGV[i])
  places[#places + 1] = place or -1
end
for i, other in ipairs(redis.call('ZRANGE', turns, 0, -1)) do
  sizes[i] = redis.call('ZCARD', listOf(other))
end
return {members, sizes, places}
`)

// statsScript answers {entries, taken, organizations that wait, arrival in ms
// of the oldest of those that are next in their lists (0: none)}, and the time.
//
// ARGV: 2 most organizations that are looked at.
var statsScript = redis.NewScript(orderPrelude + `
local oldest = 0
for _, org in ipairs(redis.call('ZRANGE', turns, 0, tonumber(ARGV[2]) - 1)) do
  local member = lowest(listOf(org))
  if member then
    local _, since = entryOf(org .. ':' .. member)
    if since and (oldest == 0 or tonumber(since) < oldest) then oldest = tonumber(since) end
  end
end
return {redis.call('HLEN', entries), redis.call('ZCARD', taken), redis.call('ZCARD', turns), digits(oldest), digits(now)}
`)
