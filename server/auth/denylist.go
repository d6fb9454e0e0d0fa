package auth

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"reelroom/models"
)

const (
	// maxDenied bounds what a node keeps in memory, over all organizations; it
	// is some 100 MB. Beyond it nothing more is taken to be revoked here.
	maxDenied = 500_000
	// denyGrace is how long a revocation is kept after its end, should the clock
	// be set back.
	denyGrace = time.Hour
	// pageSize is how many revocations are read from the store at once.
	pageSize = 1000
)

// Denylist is what this node knows to be revoked. It holds all that is in
// force, so that verifying a token asks nobody, and learns from the store what
// other nodes revoke; see [Denylist.Run]. It may be used by many goroutines at
// once.
type Denylist struct {
	store   models.Revocations
	maxLife time.Duration
	log     *slog.Logger
	after   int64 // the place in the store's order; of Open, then of Run

	mu       sync.RWMutex
	orgs     map[string]*denied
	entries  int
	applied  uint64
	polled   time.Time
	watchers []func(models.Revocation)
}

// denied is what is revoked in one organization, by subject.
type denied struct{ users, tokens map[string]span }

// span is the reach of a revocation.
type span struct{ at, until time.Time }

// OpenDenylist reads all that is revoked. Before that no token may be verified,
// so an error is one of the start. maxLife is [Config.MaxLife]; logger may be
// nil: then nothing is logged.
func OpenDenylist(ctx context.Context, store models.Revocations, maxLife time.Duration, logger *slog.Logger) (*Denylist, error) {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	d := &Denylist{store: store, maxLife: maxLife, log: logger, orgs: map[string]*denied{}}
	return d, d.catchUp(ctx)
}

// Watch has f called for each revocation that is new to this node, when
// [Denylist.Revoked] answers by it already. Nothing else is applied by the same
// caller until f returns, so f must not wait for long.
func (d *Denylist) Watch(f func(models.Revocation)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.watchers = append(d.watchers, f)
}

// Revoke keeps a revocation in the organization, and has applied it on this
// node when it returns; the others follow. One without an end is forgotten when
// no token from before it can be good any more. See [models.Revocations].
func (d *Denylist) Revoke(ctx context.Context, org string, r models.Revocation) (models.Revocation, error) {
	d.mu.RLock()
	full := d.entries >= maxDenied
	d.mu.RUnlock()
	if full {
		return models.Revocation{}, models.ErrRevocationsFull
	}
	if r.Until.IsZero() && d.maxLife > 0 {
		r.Until = time.Now().Add(d.maxLife)
	}
	r, err := d.store.Revoke(ctx, org, r)
	if err != nil {
		return models.Revocation{}, err
	}
	d.apply(r)
	return r, nil
}

// Revoked reports whether the token that the identity was read from is revoked.
func (d *Denylist) Revoked(who models.Identity) bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	o := d.orgs[who.OrganizationID]
	if o == nil {
		return false
	}
	if _, ok := o.tokens[who.TokenID]; ok {
		return true
	}
	user, ok := o.users[who.UserID]
	return ok && !who.IssuedAt.After(user.at)
}

// DenylistStats are figures of a list.
type DenylistStats struct {
	// Active is how many revocations are in force, Applied how many this node
	// has applied since it started.
	Active  int
	Applied uint64
	// Age is how long ago the store was last read with success.
	Age time.Duration
}

// Stats returns the list's figures.
func (d *Denylist) Stats() DenylistStats {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return DenylistStats{d.entries, d.applied, time.Since(d.polled)}
}

// apply takes a revocation over and tells those who watch, if it is news.
func (d *Denylist) apply(r models.Revocation) {
	if !d.add(r) {
		return
	}
	d.mu.RLock()
	watchers := d.watchers
	d.mu.RUnlock()
	for _, f := range watchers {
		f(r)
	}
}

// add reports whether the revocation reaches further than what was known.
func (d *Denylist) add(r models.Revocation) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	o := d.orgs[r.OrganizationID]
	if o == nil {
		o = &denied{map[string]span{}, map[string]span{}}
		d.orgs[r.OrganizationID] = o
	}
	subjects := o.tokens
	if r.Kind == models.RevokeUser {
		subjects = o.users
	}
	s, known := subjects[r.Subject]
	if known && !r.At.After(s.at) && !r.Until.After(s.until) {
		return false
	}
	if !known {
		d.entries++
	}
	if r.At.After(s.at) {
		s.at = r.At
	}
	if r.Until.After(s.until) {
		s.until = r.Until
	}
	subjects[r.Subject] = s
	d.applied++
	return true
}

// forget drops what is over. The lock is held for one organization at a time.
func (d *Denylist) forget(now time.Time) {
	d.mu.RLock()
	orgs := make([]string, 0, len(d.orgs))
	for org := range d.orgs {
		orgs = append(orgs, org)
	}
	d.mu.RUnlock()
	for _, org := range orgs {
		d.forgetIn(org, now.Add(-denyGrace))
	}
}

func (d *Denylist) forgetIn(org string, before time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	o := d.orgs[org]
	if o == nil {
		return
	}
	for _, subjects := range []map[string]span{o.users, o.tokens} {
		for subject, s := range subjects {
			if s.until.Before(before) {
				delete(subjects, subject)
				d.entries--
			}
		}
	}
	if len(o.users)+len(o.tokens) == 0 {
		delete(d.orgs, org)
	}
}
