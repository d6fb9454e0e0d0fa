package queue

import "sync/atomic"

// Counts are what this process did, since it started.
type Counts struct {
	// Reclaimed counts the times that work whose worker was gone, or that had
	// been put off, was asked for again.
	Reclaimed uint64
	// Republished counts revisions that were told late.
	Republished uint64
	// Poisoned counts videos that were given up because they crashed.
	Poisoned uint64
	// Skipped counts videos that were next but had nothing to be done.
	Skipped uint64
	// Returned counts videos given back by this worker when it was stopped.
	Returned uint64
}

type counts struct {
	reclaimed, republished, poisoned, skipped, returned atomic.Uint64
}

// Counts returns the counts of the reconciler and the worker that use this client.
func (c *Client) Counts() Counts {
	n := &c.counts
	return Counts{n.reclaimed.Load(), n.republished.Load(), n.poisoned.Load(), n.skipped.Load(), n.returned.Load()}
}
