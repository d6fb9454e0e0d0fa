package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"reelroom/server/harness/load"
)

func runID() string { return strconv.FormatUint(rand.Uint64(), 36) }

// connect brings a fleet in; every client must get in.
func connect(ctx context.Context, f *load.Fleet, sockets int) (took time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	if took, err = f.Connect(ctx); err != nil {
		return took, fmt.Errorf("connect: %w", err)
	}
	if f.Online() != sockets {
		return took, fmt.Errorf("%d of %d clients are connected: %v", f.Online(), sockets, f.Failures())
	}
	return took, nil
}

// paced sends an event every 200 ms.
func paced(b *bench, ctx context.Context, s *setup) (figures, error) {
	const interval = 200 * time.Millisecond
	return fanOut(ctx, s, b.sockets(2000), stream{10, interval, 1}, stream{int(b.Duration / interval), interval, 1})
}

// burst sends 500 events 1 ms apart.
func burst(b *bench, ctx context.Context, s *setup) (figures, error) {
	return fanOut(ctx, s, b.sockets(1000), stream{100, time.Millisecond, 8}, stream{500, time.Millisecond, 8})
}

// stream is events that are sent at equal intervals.
type stream struct {
	count    int
	interval time.Duration
	parallel int
}

func (e stream) send(ctx context.Context, s *setup, run string) error {
	return load.Pace(ctx, e.count, e.interval, e.parallel, func(ctx context.Context, n uint64) error {
		return s.publish(ctx, 0, load.Marker{Run: run, N: n})
	})
}

// fanOut sends events to every client and reads what they cost; before that, to
// one client alone: the difference is the price of the fan-out without that of
// publishing. The events of the warming come first and are not counted: a
// server that compiles itself while it runs has done so then.
func fanOut(ctx context.Context, s *setup, sockets int, warming, counted stream) (figures, error) {
	alone, _, err := fan(ctx, s, 1, warming, counted)
	if err != nil {
		return nil, err
	}
	all, out, err := fan(ctx, s, sockets, warming, counted)
	if err != nil {
		return nil, err
	}
	out["cpu"] = float64(all.Microseconds()) / out["received"]
	out["spread"] = float64((all - alone).Microseconds()) / out["received"]
	return out, nil
}

// fan sends a stream to a number of clients; cpu is what that cost the server.
func fan(ctx context.Context, s *setup, sockets int, warming, counted stream) (cpu time.Duration, out figures, err error) {
	run := runID()
	f := s.fleet(run, sockets)
	defer f.Close()
	if _, err := connect(ctx, f, sockets); err != nil {
		return 0, nil, err
	}
	if err := warming.send(ctx, s, runID()); err != nil {
		return 0, nil, err
	}
	quiet(ctx, f)
	before, err := s.nodes[0].cpu()
	if err != nil {
		return 0, nil, err
	}
	bytes, begin := f.Count(0).Bytes, time.Now()
	if err := counted.send(ctx, s, run); err != nil {
		return 0, nil, err
	}
	events := uint64(counted.count)
	f.Wait(ctx, settleTime, events)
	took := time.Since(begin)
	after, err := s.nodes[0].cpu()
	if err != nil {
		return 0, nil, err
	}
	n, q := f.Count(events), f.Latency.Quantiles()
	if n.Received == 0 {
		return 0, nil, fmt.Errorf("nothing was received: %v", f.Failures())
	}
	return after - before, figures{
		"received": float64(n.Received), "p50": q.P50, "p99": q.P99, "lost": float64(n.Lost), "seconds": took.Seconds(),
		"bytes": float64(n.Bytes-bytes) / float64(n.Received),
	}, nil
}

// quiet waits until nothing has come for a second, a minute at most.
func quiet(ctx context.Context, f *load.Fleet) {
	for seen, tries := f.Count(0).Bytes, 0; tries < 60 && ctx.Err() == nil; tries++ {
		pause(ctx, time.Second)
		now := f.Count(0).Bytes
		if now == seen {
			return
		}
		seen = now
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
