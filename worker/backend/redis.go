package backend

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

// tick is how often the clock of the Redis in process is moved: without it no
// key ever expires there.
const tick = 250 * time.Millisecond

// openRedis connects to the configured Redis, or starts one in this process on
// loopback behind a random password. What that one holds is gone at exit; the
// reconciler makes the queue anew, and clients get a new epoch.
func openRedis(ctx context.Context, c *Config) (client redis.UniversalClient, words string, stop func(), err error) {
	options, err := c.redisOptions()
	if err != nil {
		return nil, "", nil, err
	}
	stop = func() {}
	if options != nil {
		words = "Redis at " + options.Addr
	} else {
		embedded := miniredis.NewMiniRedis()
		password := rand.Text()
		embedded.RequireAuth(password)
		if err := embedded.StartAddr("127.0.0.1:0"); err != nil {
			return nil, "", nil, fmt.Errorf("start the Redis in process: %w", err)
		}
		moving, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() {
			defer close(done)
			moveClock(moving, embedded)
		}()
		stop = func() {
			cancel()
			<-done
			embedded.Close()
		}
		options = &redis.Options{Addr: embedded.Addr(), Password: password}
		words = "Redis in this process (set REDIS_URL for a real one)"
	}
	options.ContextTimeoutEnabled = true
	connected := redis.NewClient(options)
	if err := connected.Ping(ctx).Err(); err != nil {
		_ = connected.Close()
		stop()
		return nil, "", nil, fmt.Errorf("redis at %s does not answer: %w", options.Addr, err)
	}
	inner := stop
	return connected, words, func() {
		_ = connected.Close()
		inner()
	}, nil
}

// redisWords hands the driver's own complaints to the log, at the level of
// things that heal by themselves.
type redisWords struct{ logger *slog.Logger }

func (w redisWords) Printf(_ context.Context, format string, args ...any) {
	w.logger.Debug(fmt.Sprintf(format, args...), "from", "go-redis")
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
