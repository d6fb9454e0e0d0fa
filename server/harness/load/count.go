package load

import (
	"context"
	"time"
)

// Count is what a fleet has received of a run.
type Count struct {
	// Expected is how many deliveries there should have been, Received how many
	// there were, doubles too. Foreign events were of another organization.
	Expected uint64 `json:"expected"`
	Received uint64 `json:"received"`
	Lost     uint64 `json:"lost"`
	Doubles  uint64 `json:"doubles"`
	Disorder uint64 `json:"disorder"`
	Foreign  uint64 `json:"foreign"`
	// Bytes came over the sockets, with the handshakes.
	Bytes uint64 `json:"bytes"`
	// Connects counts those that the server took, Resumes those that it took up
	// again, Drops those that were lost.
	Connects int64 `json:"connects"`
	Resumes  int64 `json:"resumes"`
	Drops    int64 `json:"drops"`
}

// Count compares what came with sent, the number of events that each
// organization was sent.
func (f *Fleet) Count(sent ...uint64) Count {
	n := Count{
		Foreign: f.foreign.Load(), Bytes: f.bytes.Load(),
		Connects: f.connects.Load(), Resumes: f.resumes.Load(), Drops: f.drops.Load(),
	}
	for _, c := range f.conns {
		if c.deaf {
			continue
		}
		c.mu.Lock()
		n.Expected += sent[c.org]
		n.Received += c.tally.Received
		n.Lost += c.tally.Lost(sent[c.org])
		n.Doubles += c.tally.Doubles
		n.Disorder += c.tally.Disorder
		c.mu.Unlock()
	}
	return n
}

// poll is how often Wait looks.
const poll = 20 * time.Millisecond

// Wait returns true when every client has every event, and false when that was
// not so within patience after the last event came, or when ctx ended.
func (f *Fleet) Wait(ctx context.Context, patience time.Duration, sent ...uint64) bool {
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	seen, since := f.received.Load(), time.Now()
	for {
		if f.complete(sent) {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case now := <-ticker.C:
			if n := f.received.Load(); n != seen {
				seen, since = n, now
			} else if now.Sub(since) > patience {
				return false
			}
		}
	}
}

func (f *Fleet) complete(sent []uint64) bool {
	for _, c := range f.conns {
		if c.deaf {
			continue
		}
		c.mu.Lock()
		all := c.tally.Complete(sent[c.org])
		c.mu.Unlock()
		if !all {
			return false
		}
	}
	return true
}
