package backend

import (
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

// One command at a time, many at once, and a pipeline of 100 commands.
func BenchmarkEmbeddedRedis(b *testing.B) {
	c := &Config{}
	client, _, stop, err := openRedis(b.Context(), c, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer stop()
	value := strings.Repeat("x", 1000)
	b.Run("one", func(b *testing.B) {
		for b.Loop() {
			if err := client.Set(b.Context(), "k", value, 0).Err(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("parallel", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if err := client.Get(b.Context(), "k").Err(); err != nil {
					b.Error(err)
				}
			}
		})
	})
	b.Run("pipeline", func(b *testing.B) {
		for b.Loop() {
			_, err := client.Pipelined(b.Context(), func(p redis.Pipeliner) error {
				for range 100 {
					p.Get(b.Context(), "k")
				}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}
