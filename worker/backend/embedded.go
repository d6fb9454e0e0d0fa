package backend

import (
	"context"
	"net"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

// tick is how often the clock of the embedded Redis is moved: without it no
// key ever expires there.
const tick = 250 * time.Millisecond

// startEmbedded starts the Redis that runs in this process. It has no listener:
// its connections are pipes in memory, so that no other process can reach it.
// What it holds is gone at exit; the reconciler then makes the queue anew, and
// clients get a new epoch.
func startEmbedded() (options *redis.Options, stop func()) {
	embedded := miniredis.NewMiniRedis()
	moving, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		moveClock(moving, embedded)
	}()
	dial := func(context.Context, string, string) (net.Conn, error) {
		pipe, err := embedded.Dial()
		if err != nil {
			return nil, err
		}
		return newBuffered(pipe), nil
	}
	return &redis.Options{Addr: "embedded", Dialer: dial}, func() {
		cancel()
		<-done
		embedded.Close()
	}
}

func moveClock(ctx context.Context, m *miniredis.Miniredis) {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	last := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			m.FastForward(now.Sub(last))
			last = now
		}
	}
}
