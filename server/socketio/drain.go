package socketio

import (
	"context"
	"math/rand/v2"
	"time"
)

const (
	// drainEach is how long after one connection the next is sent away, on
	// average, and drainMost how long all of them may take: the other nodes
	// should not get them at once.
	drainEach = 2 * time.Millisecond
	drainMost = 10 * time.Second
)

// Drain refuses new connections and sends those that stand away, one after the
// other, in no order and at uneven distances; who is still here gets events as
// ever. It returns when all were told to go, or when ctx ends. [Door.Close] must
// follow.
//
// A client that is sent away sees its transport close, comes again by itself,
// to another node as this one refuses it, and goes on where it was.
func (d *Door) Drain(ctx context.Context) {
	d.draining.Store(true)
	list := d.links.all()
	rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	spread := min(time.Duration(len(list))*drainEach, drainMost)
	began := time.Now()
	for i, c := range list {
		c.shut(endStopping)
		// Each has its slot, and leaves at any moment of it.
		slot := float64(spread) / float64(len(list))
		wait := time.Until(began.Add(time.Duration(slot * (float64(i) + rand.Float64()))))
		if wait <= 0 {
			continue
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
	}
}
