package limits

import (
	"strconv"
	"testing"
)

// What a message or a request pays: one of many users, from many goroutines.
func BenchmarkRate(b *testing.B) {
	keys := make([]user, 10_000)
	for i := range keys {
		keys[i] = user{"acme", strconv.Itoa(i)}
	}
	r := NewRate[user](1000, 1000)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			r.Take(keys[i%len(keys)])
		}
	})
}

// What a connection pays, at its beginning and its end.
func BenchmarkGauge(b *testing.B) {
	g := NewGauge[user](10)
	key := user{"acme", "u"}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			g.Take(key).Leave()
		}
	})
}
