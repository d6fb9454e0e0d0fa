package verify

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"reelroom/server/harness/load"
	"reelroom/server/harness/sio"
)

// seqOf reads the number of a cursor; 0 when it has none.
func seqOf(cursor string) uint64 {
	n, err := strconv.ParseUint(cursor[strings.LastIndexByte(cursor, '.')+1:], 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// crowd connects clients of the first tenant, all of which count the run.
func (g *group) crowd(clients int, run string, latency *load.Histogram) error {
	for i := range clients {
		w, err := g.add(0, i, fmt.Sprintf("client %d", i+1))
		if err != nil {
			return err
		}
		w.follow(run, latency)
	}
	return nil
}

// settle waits for every client and adds up what came.
func (g *group) settle(s *Stream, part string, sent uint64) {
	t := g.trial
	settle(g.ctx, t.Patience, func() (n uint64) {
		for _, w := range g.all {
			n += w.received()
		}
		return n
	}, func() bool {
		for _, w := range g.all {
			if !w.complete(sent) {
				return false
			}
		}
		return true
	})
	s.Clients, s.Events = len(g.all), sent
	for _, w := range g.all {
		w.mu.Lock()
		lost := w.tally.Lost(sent)
		s.Deliveries += w.tally.Received
		s.Lost += lost
		s.Doubles += w.tally.Doubles
		s.Disorder += w.tally.Disorder
		s.Resets += w.resets
		if lost+w.tally.Doubles+w.tally.Disorder > 0 || w.resets > 0 {
			t.report.broken("%s: %s (connected %d times, resumed %d): of %d events %d lost, %d doubled, %d out of order; stream:reset %d times%s",
				part, w.name, w.connects, w.resumed, sent, lost, w.tally.Doubles, w.tally.Disorder, w.resets, w.odd)
		}
		w.mu.Unlock()
	}
}

// delivery sends bursts to clients that stay.
func (t *trial) delivery(ctx context.Context) error {
	run, begin := runID(), time.Now()
	var latency load.Histogram
	g := t.listen(ctx)
	defer g.close()
	if err := g.crowd(t.Clients, run, &latency); err != nil {
		return err
	}
	for sent := 0; sent < t.Events; {
		size := min(1+rand.IntN(MaxBurst), t.Events-sent)
		next := time.Now().Add(time.Duration(float64(size) / t.Rate * float64(time.Second)))
		err := load.Pace(ctx, size, 0, t.Publishers, func(ctx context.Context, i uint64) error {
			return t.api(0).Publish(ctx, t.videos[0], load.Marker{Run: run, N: uint64(sent) + i}, 0)
		})
		if err != nil {
			return err
		}
		// The other tenant is not quiet: what is its own must not come here.
		if err := t.api(1).Publish(ctx, t.videos[1], load.Marker{Run: run, Org: 1, N: uint64(sent) + 1}, 0); err != nil {
			return err
		}
		sent += size
		if sent < t.Events {
			pause(ctx, time.Until(next))
		}
	}
	g.settle(&t.report.Delivery, "delivery", uint64(t.Events))
	t.report.Delivery.Latency, t.report.Delivery.Seconds = latency.Quantiles(), time.Since(begin).Seconds()
	return nil
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// cutRate is how many events a second are sent while connections are cut.
const cutRate = 100

// cuts cuts the clients again and again while events are sent: before the
// first event of a connection, right after it, and somewhere later.
func (t *trial) cuts(ctx context.Context) error {
	if t.Cuts == 0 {
		return nil
	}
	run, begin := runID(), time.Now()
	var latency load.Histogram
	g := t.listen(ctx)
	defer g.close()
	if err := g.crowd(min(t.Clients, t.Cuts), run, &latency); err != nil {
		return err
	}
	publishing, enough := context.WithCancel(ctx)
	defer enough()
	var sent atomic.Uint64
	published := make(chan error, 1)
	go func() {
		published <- t.trickle(ctx, publishing, run, &sent)
	}()
	var cutters errgroup.Group
	for i, w := range g.all {
		share := t.Cuts / len(g.all)
		if i < t.Cuts%len(g.all) {
			share++
		}
		cutters.Go(func() error { return w.cutOften(ctx, share) })
	}
	err := cutters.Wait()
	enough()
	if perr := <-published; err == nil {
		err = perr
	}
	if err != nil {
		return err
	}
	s := &t.report.Cuts
	g.settle(s, "resume", sent.Load())
	for _, w := range g.all {
		w.mu.Lock()
		s.Cuts += w.connects - 1
		s.Resumed += w.resumed
		w.mu.Unlock()
	}
	if s.Resumed < s.Cuts {
		t.report.broken("resume: of %d connections after a cut %d were resumed", s.Cuts, s.Resumed)
	}
	s.Latency, s.Seconds = latency.Quantiles(), time.Since(begin).Seconds()
	return nil
}

// trickle publishes until publishing ends, one event after another.
func (t *trial) trickle(ctx, publishing context.Context, run string, sent *atomic.Uint64) error {
	ticker := time.NewTicker(time.Duration(float64(time.Second) / min(cutRate, t.Rate)))
	defer ticker.Stop()
	for publishing.Err() == nil {
		if err := t.api(0).Publish(ctx, t.videos[0], load.Marker{Run: run, N: sent.Load() + 1}, 0); err != nil {
			return err
		}
		sent.Add(1)
		select {
		case <-ticker.C:
		case <-publishing.Done():
		}
	}
	return nil
}

// cutOften cuts a client a number of times and sees it come back each time.
func (w *watcher) cutOften(ctx context.Context, times int) error {
	for done := 0; done < times; {
		again := 1
		switch kind := rand.IntN(4); {
		case kind == 0 && times-done > 1: // and the next one before its first event
			again = 2
			w.cutAtOnce.Store(true)
		case kind == 1: // in the middle of what is replayed
			pause(ctx, rand.N(5*time.Millisecond))
		default: // somewhere in the stream
			pause(ctx, rand.N(300*time.Millisecond))
		}
		done += again
		before := w.connections()
		if err := w.client.Cut(); err != nil && !errors.Is(err, sio.ErrNotConnected) {
			return err
		}
		for w.connections() < before+again {
			if err := w.arrived(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *watcher) connections() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.connects
}
