package queue

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"reelroom/models"
	"reelroom/models/modelstest/testenv"
)

// onEachBench runs a benchmark with the Redis in process and with a real one.
func onEachBench(b *testing.B, bench func(*testing.B, *redis.Client)) {
	for kind, address := range map[string]func() string{
		inProcess:      func() string { return miniredis.RunT(b).Addr() },
		"redis-server": func() string { return testenv.Redis(b) },
	} {
		b.Run(kind, func(b *testing.B) {
			client := redis.NewClient(&redis.Options{Addr: address(), ContextTimeoutEnabled: true})
			defer client.Close()
			bench(b, client)
		})
	}
}

// From the call that enqueues to the handler, on an idle queue: the median and
// the 99th percentile, in ms.
func BenchmarkEnqueueToStart(b *testing.B) {
	onEachBench(b, func(b *testing.B, redis *redis.Client) {
		client := NewClient(redis)
		begun := make(chan time.Time)
		ctx, cancel := context.WithCancel(b.Context())
		done := make(chan error, 1)
		w := &Worker{Client: client, Concurrency: 2, Logger: quiet, Handle: func(context.Context, models.Task) error {
			begun <- time.Now()
			return nil
		}}
		go func() { done <- w.Run(ctx) }()
		var took []time.Duration
		for n := range b.N {
			start := time.Now()
			if err := client.Enqueue(ctx, "acme", task("acme", fmt.Sprint(n))); err != nil {
				b.Fatal(err)
			}
			took = append(took, (<-begun).Sub(start))
			time.Sleep(30 * time.Millisecond) // idle again
		}
		cancel()
		if err := <-done; err != nil {
			b.Fatal(err)
		}
		slices.Sort(took)
		ms := func(p float64) float64 { return float64(took[int(p*float64(len(took)-1))].Microseconds()) / 1000 }
		b.ReportMetric(ms(.5), "p50-ms")
		b.ReportMetric(ms(.99), "p99-ms")
	})
}

// What a place costs while many organizations wait.
func BenchmarkPositions(b *testing.B) {
	onEachBench(b, func(b *testing.B, redis *redis.Client) {
		client := NewClient(redis)
		var page []models.Video
		for i := range 200 {
			for n := range 5 {
				t := task(fmt.Sprint("org", i), fmt.Sprint(n))
				if _, err := client.order.add(b.Context(), t); err != nil {
					b.Fatal(err)
				}
				page = append(page, models.Video{ID: t.VideoID, Attempt: 1})
			}
		}
		for b.Loop() {
			if _, err := client.Positions(b.Context(), "org7", page[:20]...); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// One video through the order: in line, taken, done.
func BenchmarkOrder(b *testing.B) {
	onEachBench(b, func(b *testing.B, redis *redis.Client) {
		o, ctx := order{redis}, b.Context()
		for n := 0; b.Loop(); n++ {
			if _, err := o.add(ctx, task("acme", fmt.Sprint(n))); err != nil {
				b.Fatal(err)
			}
			t, _, _, err := o.take(ctx, nobody)
			if err == nil {
				err = o.leave(ctx, t, leaveDone)
			}
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}
