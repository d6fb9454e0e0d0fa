package bench

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"reelroom/server/harness/load"
)

// latency sends 50 events a second through one node to clients of the other.
// Beside the time from the request, it takes the one from the moment at which
// the event was handed to Redis, which the payload tells.
func latency(b *bench, ctx context.Context, s *setup) (figures, error) {
	const sockets, interval = 50, time.Second / 50
	run := runID()
	f := s.fleet(run, sockets, func(c *load.Config) {
		c.Route = func(int, int) int { return 1 }
		c.Stamp = stamp
	})
	defer f.Close()
	if _, err := connect(ctx, f, sockets); err != nil {
		return nil, err
	}
	// The first ones open connections and warm caches, and are not counted.
	const warming = 25
	events := int(b.Duration / interval)
	for _, part := range []struct {
		run   string
		count int
	}{{runID(), warming}, {run, events}} {
		err := load.Pace(ctx, part.count, interval, 4, func(ctx context.Context, n uint64) error {
			return s.publish(ctx, 0, load.Marker{Run: part.run, N: n})
		})
		if err != nil {
			return nil, err
		}
	}
	f.Wait(ctx, settleTime, uint64(events))
	n, request, appended := f.Count(uint64(events)), f.Latency.Quantiles(), f.Stamped.Quantiles()
	if n.Received == 0 {
		return nil, fmt.Errorf("nothing was received: %v", f.Failures())
	}
	out := figures{"request50": request.P50, "request99": request.P99, "lost": float64(n.Lost)}
	if appended.Count > 0 {
		out["append50"], out["append99"] = appended.P50, appended.P99
	}
	return out, nil
}

// stamp reads the payload's "ts", the server's own time.
func stamp(message []byte) (at time.Time, ok bool) {
	const field = `"ts":"`
	begin := bytes.Index(message, []byte(field))
	if begin < 0 {
		return at, false
	}
	text := message[begin+len(field):]
	end := bytes.IndexByte(text, '"')
	if end < 0 {
		return at, false
	}
	at, err := time.Parse(time.RFC3339Nano, string(text[:end]))
	return at, err == nil
}

// stormRate is how many events a second go on while the clients are away.
const stormRate = 10

// stormTime bounds the wait for the clients to come back.
const stormTime = time.Minute

// storm kills the node that all clients are at. They come to the other one as
// a stock client does: after a second, give or take half, then after two.
func storm(b *bench, ctx context.Context, s *setup) (figures, error) {
	sockets, run := b.sockets(5000), runID()
	f := s.fleet(run, sockets, func(c *load.Config) {
		c.Route = func(_, connection int) int { return min(connection, 1) }
		c.Backoff = func(attempt int) time.Duration {
			wait := min(time.Second<<min(attempt-1, 3), 5*time.Second)
			return wait/2 + rand.N(wait)
		}
		c.Parallel = 32
	})
	defer f.Close()
	if _, err := connect(ctx, f, sockets); err != nil {
		return nil, err
	}
	publishing, enough := context.WithCancel(ctx)
	defer enough()
	var sent atomic.Uint64
	published := make(chan error, 1)
	go func() {
		var err error
		for ticker := time.NewTicker(time.Second / stormRate); publishing.Err() == nil && err == nil; <-ticker.C {
			if err = s.publish(ctx, 1, load.Marker{Run: run, N: sent.Load() + 1}); err == nil {
				sent.Add(1)
			}
		}
		published <- err
	}()
	pause(ctx, 2*time.Second)
	drops := f.Count(0).Drops
	reads := s.readsBeside(&sent)
	s.nodes[0].kill()
	killed := time.Now()
	back := func() bool { return f.Online() == sockets && f.Count(0).Drops-drops >= int64(sockets) }
	for !back() && time.Since(killed) < stormTime && ctx.Err() == nil {
		pause(ctx, 10*time.Millisecond)
	}
	returned := time.Since(killed)
	allBack := back()
	read, known := reads()
	enough()
	if err := <-published; err != nil {
		return nil, err
	}
	whole := f.Wait(ctx, settleTime, sent.Load())
	caughtUp := time.Since(killed)
	n := f.Count(sent.Load())
	out := figures{
		"back": float64(f.Online()), "resumed": float64(n.Resumes), "lost": float64(n.Lost), "doubles": float64(n.Doubles),
	}
	if known {
		out["reads"] = 100 * read / float64(sockets)
	}
	if allBack {
		out["seconds"] = returned.Seconds()
	}
	if allBack && whole {
		out["caughtUp"] = caughtUp.Seconds()
	}
	return out, nil
}

// readsBeside returns a function that tells how often the second node has read
// from its store since, less once for each event that was published there.
func (s *setup) readsBeside(sent *atomic.Uint64) func() (float64, bool) {
	if s.reads == nil {
		return func() (float64, bool) { return 0, false }
	}
	count := func() float64 { return float64(s.reads(1)) - float64(sent.Load()) }
	before := count()
	return func() (float64, bool) { return max(count()-before, 0), true }
}
