//go:build !stock

package socketio

import (
	"context"
	"flag"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"reelroom/models/modelstest/testenv"
	"reelroom/rooms"
	"reelroom/rooms/redislog"
)

// The sizes of TestDelivery. A release is tried with
//
//	go test ./server/socketio -run TestDelivery -timeout 60m -delivery.events 1000000 -delivery.cuts 10000
var (
	deliveryEvents  = flag.Int("delivery.events", 6_000, "events to append")
	deliveryCuts    = flag.Int("delivery.cuts", 60, "cuts of clients, at least")
	deliveryClients = flag.Int("delivery.clients", 10, "clients")
)

// realNode is a door on the real hub and log.
func realNode(t *testing.T, address string) (*testServer, *redislog.Log) {
	client := redis.NewClient(&redis.Options{Addr: address, ContextTimeoutEnabled: true})
	t.Cleanup(func() { _ = client.Close() })
	logger := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	events := redislog.New(client, redislog.Options{Logger: logger})
	hub := rooms.NewHub(events, logger)
	t.Cleanup(hub.Close)
	return startServerWith(t, func([]any) {}, func(c *Config) {
		c.Hub, c.Events, c.Sessions, c.Logger = hub, events, events, logger
	}), events
}

// Three nodes over a real Redis; events come in bursts of 1 to 500, and clients
// are cut at random points and come again at any node. Nobody misses an event,
// or gets one twice, or out of order.
func TestDelivery(t *testing.T) {
	t.Parallel()
	address := testenv.Redis(t)
	var three []*testServer
	var events *redislog.Log
	for range 3 {
		var s *testServer
		s, events = realNode(t, address)
		three = append(three, s)
	}
	total, clients := *deliveryEvents, *deliveryClients
	each := (*deliveryCuts + clients - 1) / clients // cuts of one client
	var cuts, resets atomic.Int64
	var ready, done sync.WaitGroup
	ready.Add(clients)
	for id := range clients {
		done.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(id), 7))
			r := &resumer{}
			r.connect(t, three[id%3], "a:u1:viewer", nil)
			ready.Done()
			next := 0
			for cut := 0; next < total; cut++ {
				stop := total
				if cut < each {
					stop = min(total, next+rng.IntN(2*max(1, (total-next)/(each-cut))))
				}
				for next < stop {
					name, payload, err := r.take()
					if err != nil {
						t.Errorf("client %d at %d: %v", id, next, err)
						return
					}
					r.names, r.seqs = nil, nil
					if name == "stream:reset" {
						resets.Add(1)
					}
					if name != "video:progress" {
						continue
					}
					if n := int(payload["n"].(float64)); n != next {
						t.Errorf("client %d: event %d in the place of %d", id, n, next)
						return
					}
					next++
				}
				if next == total {
					break
				}
				r.conn.Close()
				if !r.connect(t, three[rng.IntN(3)], "a:u1:viewer", nil) {
					t.Errorf("client %d: the session was not taken up", id)
					return
				}
				cuts.Add(1)
			}
			r.conn.Close()
		})
	}
	ready.Wait()
	began := time.Now()
	rng := rand.New(rand.NewPCG(3, 4))
	for n := 0; n < total; {
		size := min(1+rng.IntN(500), total-n)
		for range size {
			e := progress("a", n)
			if _, _, err := events.Append(context.Background(), "a", e); err != nil {
				t.Fatalf("append: %v", err)
			}
			n++
		}
		time.Sleep(time.Duration(rng.IntN(10)) * time.Millisecond)
	}
	done.Wait()
	var replayed, slow uint64
	for _, s := range three {
		stats := s.door.Stats()
		replayed, slow = replayed+stats.Replayed, slow+stats.Slow
	}
	if resets.Load() != 0 {
		t.Errorf("%d resets", resets.Load())
	}
	t.Logf("%d events to %d clients in %.1f s, %d cuts, %d replayed, %d closed as slow; none lost, doubled or out of order unless said above",
		total, clients, time.Since(began).Seconds(), cuts.Load(), replayed, slow)
}
