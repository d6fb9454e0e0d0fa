package auth

import (
	"context"
	"math/rand/v2"
	"time"
)

const (
	// pollEvery is how often, give or take a fifth, the store is asked for what
	// other nodes have revoked. They promise it within 2 s.
	pollEvery = 800 * time.Millisecond
	// pollTime bounds one question.
	pollTime = 5 * time.Second
	// pollLeast is how often at least a store that does not answer is asked.
	pollLeast = 5 * time.Second
	// forgetEvery is how often what is over is dropped.
	forgetEvery = time.Minute
)

// Run follows the store until ctx ends, and returns nil then. While the store
// cannot be reached the node goes on with what it knows: nobody else can revoke
// anything meanwhile, either.
func (d *Denylist) Run(ctx context.Context) error {
	wait, forgot := pollEvery, time.Now()
	for {
		timer := time.NewTimer(wait*4/5 + rand.N(wait*2/5))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil
		}
		err := d.catchUp(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && wait == pollEvery:
			d.log.Warn("what other servers revoke cannot be read from the store; trying on", "error", err)
			fallthrough
		case err != nil:
			wait = min(2*wait, pollLeast)
		case wait != pollEvery:
			d.log.Info("what other servers revoke can be read again")
			wait = pollEvery
		}
		if now := time.Now(); now.Sub(forgot) >= forgetEvery {
			d.forget(now)
			forgot = now
		}
	}
}

// catchUp applies what was revoked since the last time.
func (d *Denylist) catchUp(ctx context.Context) error {
	for {
		asking, cancel := context.WithTimeout(ctx, pollTime)
		page, err := d.store.Since(asking, d.after, pageSize)
		cancel()
		if err != nil {
			return err
		}
		for _, r := range page {
			d.apply(r)
			d.after = max(d.after, r.Seq)
		}
		if len(page) < pageSize {
			break
		}
	}
	d.mu.Lock()
	d.polled = time.Now()
	d.mu.Unlock()
	return nil
}
