package bench

import (
	"context"
	"time"

	"reelroom/server/harness/load"
)

// wakeTime is how long a client that has not read may take to find out that
// its connection is closed.
const wakeTime = 5 * time.Second

// slow sends large events to clients that read, first to them alone, then
// beside one that never reads. In the end that one reads what the system has
// kept for it, and so finds out whether the server had closed the connection.
func slow(b *bench, ctx context.Context, s *setup) (figures, error) {
	s.pad = 16 << 10
	readers, events := b.sockets(100), stream{int(b.Duration / (20 * time.Millisecond)), 20 * time.Millisecond, 4}
	phase := func(deaf bool) (f *load.Fleet, n load.Count, err error) {
		run, sockets := runID(), readers
		if deaf {
			sockets++
		}
		f = s.fleet(run, sockets, func(c *load.Config) { c.Deaf = func(n int) bool { return n == readers } })
		if _, err = connect(ctx, f, sockets); err == nil {
			err = events.send(ctx, s, run)
		}
		if err == nil {
			f.Wait(ctx, settleTime, uint64(events.count))
			n = f.Count(uint64(events.count))
		}
		return f, n, err
	}
	alone, _, err := phase(false)
	alone.Close()
	if err != nil {
		return nil, err
	}
	before, err := s.nodes[0].resident()
	if err != nil {
		return nil, err
	}
	peak := watchPeak(s.nodes[0])
	beside, n, err := phase(true)
	highest := peak()
	if err != nil {
		beside.Close()
		return nil, err
	}
	defer beside.Close()
	beside.Wake()
	for end := time.Now().Add(wakeTime); beside.Online() > readers && time.Now().Before(end); {
		pause(ctx, 10*time.Millisecond)
	}
	out := figures{
		"alone": alone.Latency.Quantiles().P99, "beside": beside.Latency.Quantiles().P99, "lost": float64(n.Lost),
		"kept": float64(highest-before) / (1 << 20), "open": float64(beside.Online() - readers),
	}
	if out["alone"] > 0 {
		out["moved"] = out["beside"] / out["alone"]
	}
	return out, nil
}
