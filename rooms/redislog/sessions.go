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

// sessionSlack is how much longer than events sessions are kept: whoever saves
// them again in between may be late by that much.
const sessionSlack = 10 * time.Minute

// saved is a session as it stands in Redis. The PID is not part of it: only its
// hash is, in the key.
type saved struct {
	SID    string   `json:"s"`
	UserID string   `json:"u"`
	Token  string   `json:"t,omitempty"`
	Issued int64    `json:"i,omitempty"` // in Unix seconds
	Videos []string `json:"v,omitempty"`
	Epoch  string   `json:"e,omitempty"`
	Seq    uint64   `json:"n,omitempty"`
}

var _ rooms.Sessions = (*Log)(nil)

// Save is [rooms.Sessions.Save].
func (l *Log) Save(ctx context.Context, org string, sessions ...rooms.Session) error {
	return l.write(ctx, org, sessions, func(p redis.Pipeliner, key string, raw []byte, life time.Duration) {
		p.Set(ctx, key, raw, life)
	})
}

// Keep is [rooms.Sessions.Keep].
func (l *Log) Keep(ctx context.Context, org string, sessions ...rooms.Session) error {
	return l.write(ctx, org, sessions, func(p redis.Pipeliner, key string, raw []byte, life time.Duration) {
		p.SetNX(ctx, key, raw, life)
		p.PExpire(ctx, key, life)
	})
}

// write calls set for each session, in one round trip.
func (l *Log) write(ctx context.Context, org string, sessions []rooms.Session, set func(p redis.Pipeliner, key string, raw []byte, life time.Duration)) error {
	if !models.ValidID(org) {
		return models.Errorf(models.CodeInvalid, "This is not an organization.")
	}
	ctx, cancel := context.WithTimeout(ctx, l.opts.Timeout)
	defer cancel()
	k := l.keys(org)
	_, err := l.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i := range sessions {
			s := &sessions[i]
			out := saved{s.SID, s.UserID, s.TokenID, 0, s.Videos, s.Start.Epoch, s.Start.Seq}
			if !s.IssuedAt.IsZero() {
				out.Issued = s.IssuedAt.Unix()
			}
			raw, err := json.Marshal(out)
			if err != nil {
				return err
			}
			set(p, k.session(s.PID), raw, l.opts.Retention+sessionSlack)
		}
		return nil
	})
	if err != nil {
		return unavailable(err)
	}
	return nil
}

// Load is [rooms.Sessions.Load].
func (l *Log) Load(ctx context.Context, org, pid string) (rooms.Session, error) {
	if !models.ValidID(org) {
		return rooms.Session{}, models.ErrNotFound
	}
	ctx, cancel := context.WithTimeout(ctx, l.opts.Timeout)
	defer cancel()
	raw, err := l.client.Get(ctx, l.keys(org).session(pid)).Bytes()
	if errors.Is(err, redis.Nil) {
		return rooms.Session{}, models.ErrNotFound
	}
	if err != nil {
		return rooms.Session{}, unavailable(err)
	}
	var s saved
	if json.Unmarshal(raw, &s) != nil {
		return rooms.Session{}, models.ErrNotFound // of a version that wrote otherwise
	}
	out := rooms.Session{
		PID: pid, SID: s.SID, UserID: s.UserID, TokenID: s.Token, Videos: s.Videos,
		Start: rooms.Cursor{Epoch: s.Epoch, Seq: s.Seq},
	}
	if s.Issued != 0 {
		out.IssuedAt = time.Unix(s.Issued, 0)
	}
	return out, nil
}

// Forget is [rooms.Sessions.Forget].
func (l *Log) Forget(ctx context.Context, org, pid string) error {
	if !models.ValidID(org) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, l.opts.Timeout)
	defer cancel()
	if err := l.client.Del(ctx, l.keys(org).session(pid)).Err(); err != nil {
		return unavailable(err)
	}
	return nil
}
