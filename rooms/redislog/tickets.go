package redislog

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"reelroom/models"
	"reelroom/rooms"
)

// bearer is who stands behind a ticket, as it is kept in Redis. The ticket is
// not part of it: only its hash is, in the key.
type bearer struct {
	UserID  string      `json:"u"`
	Role    models.Role `json:"r"`
	Token   string      `json:"t,omitempty"`
	Issued  int64       `json:"i,omitempty"` // in Unix seconds, as a token has it
	Expires int64       `json:"x,omitempty"` // in Unix seconds
}

var _ rooms.Tickets = (*Log)(nil)

// ticketClock is the time in ms by which tickets end. They are not left to the
// expiry of keys alone: where Redis is in this process, that comes in steps.
const ticketClock = `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
`

// keepTicket answers 0 when the user has too many.
//
// KEYS: 1 ticket, 2 those of the user, by their ends. ARGV: 1 who, 2 life in ms,
// 3 most, 4 the ticket's hash.
var keepTicket = redis.NewScript(ticketClock + `
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
if redis.call('ZCARD', KEYS[2]) >= tonumber(ARGV[3]) then return 0 end
local over = string.format('%.0f', now + tonumber(ARGV[2]))
redis.call('HSET', KEYS[1], 'who', ARGV[1], 'over', over)
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('ZADD', KEYS[2], over, ARGV[4])
redis.call('PEXPIRE', KEYS[2], math.max(redis.call('PTTL', KEYS[2]), tonumber(ARGV[2])))
return 1
`)

// takeTicket answers who, or nothing. KEYS: 1 ticket.
var takeTicket = redis.NewScript(ticketClock + `
local found = redis.call('HMGET', KEYS[1], 'who', 'over')
redis.call('DEL', KEYS[1])
if found[1] and now < tonumber(found[2]) then return found[1] end
return false
`)

// KeepTicket is [rooms.Tickets.KeepTicket].
func (l *Log) KeepTicket(ctx context.Context, org, secret string, who models.Identity, life time.Duration, most int) error {
	if !models.ValidID(org) || who.OrganizationID != org || !models.ValidID(who.UserID) {
		return models.Errorf(models.CodeInvalid, "The ticket is of no or another organization.")
	}
	kept := bearer{UserID: who.UserID, Role: who.Role, Token: who.TokenID}
	if !who.IssuedAt.IsZero() {
		kept.Issued = who.IssuedAt.Unix()
	}
	if !who.ExpiresAt.IsZero() {
		kept.Expires = who.ExpiresAt.Unix()
	}
	raw, err := json.Marshal(kept)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, l.opts.Timeout)
	defer cancel()
	k := l.keys(org)
	ok, err := keepTicket.Run(ctx, l.client, []string{k.ticket(secret), k.tickets(who.UserID)}, raw, life.Milliseconds(), most, hashed(secret)).Bool()
	if err != nil {
		return unavailable(err)
	}
	if !ok {
		return models.Errorf(models.CodeRateLimited, "You have too many tickets that were not used.").Again(life)
	}
	return nil
}

// TakeTicket is [rooms.Tickets.TakeTicket]. Where the connection breaks while
// Redis answers, the ticket may be used up and nobody was told.
func (l *Log) TakeTicket(ctx context.Context, org, secret string) (models.Identity, error) {
	if !models.ValidID(org) {
		return models.Identity{}, models.ErrNotFound
	}
	ctx, cancel := context.WithTimeout(ctx, l.opts.Timeout)
	defer cancel()
	k := l.keys(org)
	raw, err := takeTicket.Run(ctx, l.client, []string{k.ticket(secret)}).Text()
	if errors.Is(err, redis.Nil) {
		return models.Identity{}, models.ErrNotFound
	}
	if err != nil {
		return models.Identity{}, unavailable(err)
	}
	var kept bearer
	if json.Unmarshal([]byte(raw), &kept) != nil {
		return models.Identity{}, models.ErrNotFound // of a version that wrote otherwise
	}
	// It counts no more among the user's; should this fail, it does until its end.
	_ = l.client.ZRem(ctx, k.tickets(kept.UserID), hashed(secret)).Err()
	who := models.Identity{UserID: kept.UserID, OrganizationID: org, Role: kept.Role, TokenID: kept.Token}
	if kept.Issued != 0 {
		who.IssuedAt = time.Unix(kept.Issued, 0)
	}
	if kept.Expires != 0 {
		who.ExpiresAt = time.Unix(kept.Expires, 0)
	}
	return who, nil
}
