package redislog

import (
	"context"
	"slices"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/rooms"
	"reelroom/rooms/roomstest"
)

// each runs a benchmark on both kinds of Redis.
func each(b *testing.B, run func(b *testing.B, s server)) {
	b.Run("miniredis", func(b *testing.B) { s, _ := mini(b); run(b, s) })
	b.Run("redis", func(b *testing.B) { run(b, spawn(b).server()) })
}

// BenchmarkAppend is one caller after another; BenchmarkAppendParallel many.
func BenchmarkAppend(b *testing.B) {
	each(b, func(b *testing.B, s server) {
		l := New(newClient(b, s.addr), Options{})
		i := 0
		for b.Loop() {
			i++
			if _, _, err := l.Append(b.Context(), "acme", roomstest.Progress("v", 1, i)); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "appends/s")
	})
}

func BenchmarkAppendParallel(b *testing.B) {
	each(b, func(b *testing.B, s server) {
		l := New(newClient(b, s.addr), Options{})
		b.SetParallelism(16)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, _, err := l.Append(b.Context(), "acme", roomstest.Progress("v", 1, 1)); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "appends/s")
	})
}

// BenchmarkAppendToDeliver is the time from the call of Append to the call of
// deliver in another client, at 100 events a second.
func BenchmarkAppendToDeliver(b *testing.B) {
	each(b, func(b *testing.B, s server) {
		sender, node := New(newClient(b, s.addr), Options{}), New(newClient(b, s.addr), Options{})
		arrived := make(chan time.Time, 1)
		w := follow(b, node, "warm")
		subscribedTo(b, sender, w, "warm")
		ready := make(chan struct{})
		done := make(chan error, 1)
		ctx, cancel := context.WithCancel(b.Context())
		go func() {
			done <- node.Follow(ctx, "acme", func(rooms.Cursor) { close(ready) }, func(_ rooms.Cursor, events []models.Event) {
				now := time.Now()
				for range events {
					arrived <- now
				}
			})
		}()
		<-ready
		time.Sleep(100 * time.Millisecond) // the channel is subscribed to
		var took []time.Duration
		for b.Loop() {
			began := time.Now()
			if _, _, err := sender.Append(b.Context(), "acme", roomstest.Note(1)); err != nil {
				b.Fatal(err)
			}
			took = append(took, (<-arrived).Sub(began))
			time.Sleep(10 * time.Millisecond)
		}
		cancel()
		<-done
		slices.Sort(took)
		b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
		b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
	})
}

// BenchmarkAfter reads a thousand events.
func BenchmarkAfter(b *testing.B) {
	each(b, func(b *testing.B, s server) {
		l := New(newClient(b, s.addr), Options{})
		for i := range 1000 {
			appendOne(b, l, "acme", roomstest.Progress("v", 1, i))
		}
		for b.Loop() {
			events, err := l.After(b.Context(), "acme", rooms.Cursor{}, 1000)
			if err != nil || len(events) != 1000 {
				b.Fatal(len(events), err)
			}
		}
	})
}
