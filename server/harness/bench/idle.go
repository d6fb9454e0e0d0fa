package bench

import (
	"context"
	"sync"
	"time"
)

// idleTime is how long after the last connect the memory is read.
const idleTime = 10 * time.Second

// idle connects many clients and reads the memory that they cost.
func idle(b *bench, ctx context.Context, s *setup) (figures, error) {
	sockets := b.sockets(8000)
	if err := warm(ctx, s); err != nil {
		return nil, err
	}
	base, err := s.nodes[0].resident()
	if err != nil {
		return nil, err
	}
	peak := watchPeak(s.nodes[0])
	f := s.fleet(runID(), sockets)
	defer f.Close()
	_, err = connect(ctx, f, sockets)
	if err == nil {
		pause(ctx, idleTime)
	}
	highest := peak()
	if err != nil {
		return nil, err
	}
	now, err := s.nodes[0].resident()
	if err != nil {
		return nil, err
	}
	each := func(bytes int64) float64 { return float64(bytes-base) / 1024 / float64(sockets) }
	return figures{"kb": each(now), "peak": each(highest), "base": float64(base) / (1 << 20)}, nil
}

// warm connects a few clients, so that what a server makes once is there.
func warm(ctx context.Context, s *setup) error {
	const few = 20
	f := s.fleet(runID(), few)
	defer f.Close()
	_, err := connect(ctx, f, few)
	return err
}

// watchPeak reads a process's memory again and again, until the function that
// it returns is called; that returns the most.
func watchPeak(p *process) (peak func() int64) {
	var most int64
	var wg sync.WaitGroup
	done := make(chan struct{})
	wg.Go(func() {
		ticker := time.NewTicker(20 * time.Millisecond)
		defer ticker.Stop()
		for {
			if n, err := p.resident(); err == nil {
				most = max(most, n)
			}
			select {
			case <-ticker.C:
			case <-done:
				return
			}
		}
	})
	return func() int64 {
		close(done)
		wg.Wait()
		return most
	}
}

// handshakes connects clients as fast as they come in.
func handshakes(b *bench, ctx context.Context, s *setup) (figures, error) {
	sockets := b.sockets(4000)
	if err := warm(ctx, s); err != nil {
		return nil, err
	}
	before, err := s.nodes[0].cpu()
	if err != nil {
		return nil, err
	}
	f := s.fleet(runID(), sockets)
	defer f.Close()
	took, err := connect(ctx, f, sockets)
	if err != nil {
		return nil, err
	}
	after, err := s.nodes[0].cpu()
	if err != nil {
		return nil, err
	}
	return figures{
		"rate": float64(sockets) / took.Seconds(), "cpu": float64((after - before).Microseconds()) / 1000 / float64(sockets),
		"p99": f.Connects.Quantiles().P99,
	}, nil
}
