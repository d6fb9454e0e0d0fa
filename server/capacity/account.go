package capacity

import (
	"context"
	"sync"
	"time"

	"reelroom/models"
)

// account is what an organization was granted and does not keep yet.
type account struct {
	org    string
	users  int           // of this account, guarded by the capacity
	asking chan struct{} // holds who asks: one at a time looks and takes

	mu      sync.Mutex
	granted models.Usage
	// committing are the records that are being made: each may count as granted
	// and as kept for a moment. ended is closed when one of them is through.
	committing int
	ended      chan struct{}
}

// commitTime bounds the waiting for records that are being made.
const commitTime = 2 * time.Second

func (c *Capacity) enter(org string) *account {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := c.orgs[org]
	if a == nil {
		a = &account{org: org, asking: make(chan struct{}, 1), ended: make(chan struct{})}
		c.orgs[org] = a
	}
	a.users++
	return a
}

func (c *Capacity) leave(a *account) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if a.users--; a.users == 0 {
		delete(c.orgs, a.org)
	}
}

func (a *account) add(videos int, bytes int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.granted.Videos += videos
	a.granted.Bytes += bytes
}

// Granted returns what the organization was granted and does not keep yet.
func (c *Capacity) Granted(org string) models.Usage {
	if c == nil {
		return models.Usage{}
	}
	a := c.enter(org)
	defer c.leave(a)
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.granted
}

// reserve adds videos and bytes to those granted. It returns [models.CodeQuota] where the
// quota does not allow them.
func (c *Capacity) reserve(ctx context.Context, a *account, videos int, bytes int64) error {
	if c.Most == (models.Usage{}) {
		a.add(videos, bytes)
		return nil
	}
	select {
	case a.asking <- struct{}{}:
		defer func() { <-a.asking }()
	case <-ctx.Done():
		return errGivenUp.Because(ctx.Err())
	}
	if c.reserveCached(a, videos, bytes) {
		return nil
	}
	for until := time.Now().Add(commitTime); ; {
		// Granted before kept: what passes from one to the other counts twice then,
		// and never not at all.
		granted, ended := a.snapshot()
		kept, err := c.Used(ctx, a.org)
		if err != nil {
			return err
		}
		if a.settled(ended) {
			c.kept.put(a.org, kept)
		}
		refused := checkQuota(c.Most, kept, granted, videos, bytes)
		if refused == nil {
			a.add(videos, bytes)
			return nil
		}
		if a.settled(ended) || !wait(ctx, ended, time.Until(until)) {
			return refused
		}
	}
}

// reserveCached is reserve with the cached use of the organization; it reports false where
// that is missing or too high, so that the store must be read.
func (c *Capacity) reserveCached(a *account, videos int, bytes int64) bool {
	granted, _ := a.snapshot() // before what is kept, as in reserve
	kept, ok := c.kept.get(a.org)
	if !ok || checkQuota(c.Most, kept, granted, videos, bytes) != nil {
		return false
	}
	a.add(videos, bytes)
	return true
}

// snapshot returns the granted use, and a channel that is closed when the next record
// was made.
func (a *account) snapshot() (granted models.Usage, ended chan struct{}) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.granted, a.ended
}

// settled tells that no record is being made, nor was one since the snapshot that returned ended.
func (a *account) settled(ended chan struct{}) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.committing == 0 && a.ended == ended
}

// checkQuota returns [models.CodeQuota] where videos or bytes do not fit beside the kept and
// the granted use.
func checkQuota(most, kept, granted models.Usage, videos int, bytes int64) error {
	if most.Videos > 0 && videos > 0 && kept.Videos+granted.Videos+videos > most.Videos {
		return models.Errorf(models.CodeQuota, "Your organization has as many videos as it may keep: %d. Delete some that nobody needs.", most.Videos)
	}
	if most.Bytes > 0 && bytes > 0 && bytes > most.Bytes-kept.Bytes-granted.Bytes {
		return models.Errorf(models.CodeQuota, "The file does not fit into what your organization may keep: %d MiB. Delete videos that nobody needs.", most.Bytes>>20)
	}
	return nil
}

// wait reports whether one of the records was made in time.
func wait(ctx context.Context, ended chan struct{}, most time.Duration) bool {
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-ended:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	return false
}

// commit makes a record of what was granted.
func (a *account) commit(videos int, bytes int64, create func() error) error {
	a.mu.Lock()
	a.committing++
	a.mu.Unlock()
	err := create()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.committing--
	if err == nil {
		a.granted.Videos -= videos
		a.granted.Bytes -= bytes
	}
	close(a.ended)
	a.ended = make(chan struct{})
	return err
}

var errGivenUp = models.Errorf(models.CodeUnavailable, "The call was given up.").Again(0)
