package redislog

import "github.com/redis/go-redis/v9"

// prelude finds the head in epoch and seq, and begins a new epoch when there
// is none or when it was written to another run of Redis (INFO's run_id). A
// process whose user may not call INFO knows no run: it compares none, and
// leaves the one that another process has noted.
//
// KEYS: 1 head, 2 stream. ARGV[1]: a random word, the epoch if one is needed.
const prelude = `
local info = redis.pcall('INFO', 'server')
local run = type(info) == 'string' and string.match(info, 'run_id:(%x+)') or ''
local head = redis.call('HMGET', KEYS[1], 'epoch', 'seq', 'run', 'oldest')
local epoch, seq, oldest = head[1], tonumber(head[2] or '0'), tonumber(head[4] or '0')
local noted = head[3] or ''
if epoch and noted == '' and run ~= '' then redis.call('HSET', KEYS[1], 'run', run) end
if not epoch or noted ~= '' and run ~= '' and noted ~= run then
  epoch, seq, oldest = ARGV[1], 0, 0
  redis.call('DEL', KEYS[2])
  redis.call('HSET', KEYS[1], 'epoch', epoch, 'seq', 0, 'run', run, 'oldest', 0)
end
local function digits(n) return string.format('%.0f', n) end
`

// appendScript answers {fresh, epoch, seq}.
//
// KEYS: 3 video, 4 idempotency id. ARGV: 2 event, 3 kind (t transition,
// p progress, q a waiting video's place, u an update that is no transition,
// - other), 4 rev, 5 what to do with the saved progress (set, drop,
// keep), 6 life of the id in ms (0: none), 7 channel, 8 retention in ms,
// 9 most entries, 10 life of the video's hash in ms, 11 when the record changed
// in ms of the store's clock (0: not known), 12 whether that ended the video.
//
// An id can have two lives: an idempotency key makes the id of a purged video
// again, and its revisions begin at 1. What parts them is the store's clock.
// The end of a life leaves its time in the hash (gone) and a mark (over). What
// changed later than that is of the next life, whatever its revision: the mark
// goes, and revisions count anew. What changed no later stays a repetition.
//
// A transition is known by its revision alone: that its id was seen must not keep
// an outcome from being told. The id is remembered for whoever comes with it.
//
// A call that the driver sends again after a broken connection finds its own
// word (ARGV[1]) beside the place and answers as the first one did.
var appendScript = redis.NewScript(prelude + `
local function known(place)
  local e, n, word = string.match(place, '^(%w+)%.(%d+):(%w+)$')
  if e == epoch then return {word == ARGV[1] and 1 or 0, e, n} end
  return {0, epoch, digits(seq)}
end
local idLife = tonumber(ARGV[6])
if idLife > 0 and ARGV[3] ~= 't' then
  local place = redis.call('GET', KEYS[4])
  if place then return known(place) end
end
if ARGV[3] == 'u' then
  if redis.call('HEXISTS', KEYS[3], 'over') == 1 then return {0, epoch, digits(seq)} end
elseif ARGV[3] ~= '-' then
  local seen = redis.call('HMGET', KEYS[3], 'rev', 'place', 'gone', 'over')
  local rev, last = tonumber(ARGV[4]), tonumber(seen[1] or '-1')
  local changed, gone = tonumber(ARGV[11]), tonumber(seen[3] or '0')
  if ARGV[3] == 't' and gone > 0 and changed > 0 then
    if changed > gone or changed == gone and rev == 1 then
      if seen[4] then last = -1 end
    elseif not seen[4] then
      return {0, epoch, digits(seq)}
    end
  end
  if ARGV[3] == 't' and rev == last and seen[2] then return known(seen[2]) end
  if rev < last or ARGV[3] == 't' and rev == last or ARGV[3] == 'q' and rev ~= last then return {0, epoch, digits(seq)} end
end

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local keep = now - tonumber(ARGV[8])
if oldest == 0 then
  oldest = now
elseif oldest < keep then
  oldest = now
  local first
  for _, entry in ipairs(redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', 9)) do
    local t = tonumber(entry[2][2])
    first = entry[1]
    oldest = t
    if t >= keep then break end
  end
  if first then redis.call('XTRIM', KEYS[2], 'MINID', first) end
end

seq = seq + 1
local n = digits(seq)
local place = epoch .. '.' .. n .. ':' .. ARGV[1]
redis.call('XADD', KEYS[2], 'MAXLEN', ARGV[9], n .. '-0', 't', digits(now), 'e', ARGV[2])
redis.call('PEXPIRE', KEYS[2], ARGV[8])
redis.call('HSET', KEYS[1], 'seq', n, 'oldest', digits(oldest))
if idLife > 0 then redis.call('SET', KEYS[4], place, 'PX', ARGV[6]) end
if ARGV[3] == 't' then
  redis.call('HSET', KEYS[3], 'rev', ARGV[4], 'place', place)
  if ARGV[12] == '1' and ARGV[11] ~= '0' then
    redis.call('HSET', KEYS[3], 'gone', ARGV[11], 'over', 1)
  else
    redis.call('HDEL', KEYS[3], 'over')
  end
end
if ARGV[5] == 'drop' then
  redis.call('HDEL', KEYS[3], 'e', 'epoch', 'seq')
  redis.call('HSET', KEYS[3], 'idle', 1)
elseif ARGV[5] == 'set' then
  if ARGV[3] == 't' then redis.call('HDEL', KEYS[3], 'idle') end
  if ARGV[3] == 't' or redis.call('HEXISTS', KEYS[3], 'idle') == 0 then
    redis.call('HSET', KEYS[3], 'e', ARGV[2], 'epoch', epoch, 'seq', n)
  end
end
if ARGV[3] ~= '-' and ARGV[3] ~= 'u' then redis.call('PEXPIRE', KEYS[3], ARGV[10]) end
redis.call('PUBLISH', ARGV[7], epoch .. '.' .. n .. '\n' .. ARGV[2])
return {1, epoch, n}
`)

// readScript answers {epoch, seq of the head, whole, id, event, id, event, …}:
// what follows a cursor, as much as the limits allow; whole is 0 when something
// between the cursor and the head is gone.
//
// ARGV: 2 the cursor's epoch (empty: begin with the oldest entry), 3 its seq,
// 4 most entries, 5 bytes after which no more entries are read.
var readScript = redis.NewScript(prelude + `
local out = {epoch, digits(seq), 1}
local after, left, room = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
if ARGV[2] == '' then
  after = 0
elseif ARGV[2] ~= epoch or after > seq then
  out[3] = 0
  return out
end
local whole = ARGV[2] == ''
while left > 0 and room > 0 and after < seq do
  local count = math.min(left, 64)
  local entries = redis.call('XRANGE', KEYS[2], digits(after + 1) .. '-0', '+', 'COUNT', count)
  for _, entry in ipairs(entries) do
    local n = tonumber(string.match(entry[1], '^%d+'))
    if not whole and n ~= after + 1 then
      out[3] = 0
      return out
    end
    whole, after = false, n
    out[#out + 1] = digits(n)
    out[#out + 1] = entry[2][4]
    left, room = left - 1, room - #entry[2][4]
    if room <= 0 then break end
  end
  if #entries == 0 then
    if ARGV[2] ~= '' then out[3] = 0 end
    break
  end
end
return out
`)
