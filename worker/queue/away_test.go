package queue

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"reelroom/models"
	"reelroom/models/modelstest/testenv"
)

// A worker that is told to stop gives its video back, and another goes on with
// it at once, before whatever else waits.
func TestStoppedWorkersVideoGoesOnElsewhere(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, redis *redis.Client) {
		r := newRigOn(t, redis)
		v := r.create(t, "v")
		r.ask(t, &v)
		begun := make(chan struct{})
		stop := started(t, &Worker{Client: r.client, Concurrency: 1, Logger: quiet, Handle: func(ctx context.Context, task models.Task) error {
			v, err := r.Store.Advance(ctx, "acme", task.VideoID, models.Claim("first", 1))
			if err != nil {
				return err
			}
			close(begun)
			<-ctx.Done()
			if _, err := r.Store.Advance(context.WithoutCancel(ctx), "acme", v.ID, models.Release(v.Fence)); err != nil {
				t.Error(err)
			}
			return ctx.Err()
		}})
		receive(t, begun)
		for _, id := range []string{"a", "b", "c"} {
			v := r.create(t, id)
			r.ask(t, &v)
		}
		if err := r.client.Enqueue(t.Context(), "other", task("other", "x")); err != nil {
			t.Fatal(err)
		}
		stop()
		stopped := time.Now()
		done := make(chan models.Video, 10)
		started(t, &Worker{Client: r.client, Concurrency: 1, Logger: quiet, Handle: r.claim(done)})
		if got := receive(t, done); got.ID != "v" || len(got.Lapses) != 0 {
			t.Errorf("%s came first, after lapses of %v", got.ID, got.Lapses)
		}
		t.Logf("went on %s after the first had ended", time.Since(stopped).Round(time.Millisecond))
		if n := r.client.Counts().Returned; n != 1 {
			t.Errorf("%d given back", n)
		}
	})
}

// While Redis is away the work that runs goes on, the log stays calm, and what
// is wanted meanwhile is refused with a word that says so. Then all of it heals.
func TestRedisAwayHeals(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	r := newRigOn(t, connect(t, server.Addr()))
	said := &testenv.Buffer{}
	logger := slog.New(slog.NewTextHandler(said, &slog.HandlerOptions{Level: slog.LevelWarn}))
	r.Logger = logger
	first := r.create(t, "first")
	r.ask(t, &first)
	begun, end := make(chan struct{}), make(chan struct{})
	done := make(chan models.Video, 10)
	claim := r.claim(done)
	started(t, &Worker{Client: r.client, Concurrency: 2, Logger: logger, Handle: func(ctx context.Context, task models.Task) error {
		if task.VideoID == "first" {
			close(begun)
			select {
			case <-end:
			case <-ctx.Done():
				t.Error("the running work was stopped")
			}
		}
		return claim(ctx, task)
	}})
	receive(t, begun)
	server.Close()
	reconciling, stop := context.WithCancel(t.Context())
	defer stop()
	reconciled := make(chan error, 1)
	go func() { reconciled <- r.Run(reconciling) }()
	for _, id := range []string{"b", "c"} { // uploads are accepted: the record says what is wanted
		v := r.create(t, id)
		if err := r.client.Enqueue(t.Context(), "acme", models.TaskOf(&v)); models.CodeOf(err) != models.CodeUnavailable {
			t.Errorf("got %v", err)
		}
	}
	time.Sleep(5 * time.Second) // long enough for every part of asynq to complain many times
	close(end)
	seen := map[string]bool{receive(t, done).ID: true} // also without Redis
	if n := strings.Count(said.String(), "\n"); n == 0 || n > 10 {
		t.Errorf("%d lines in the log:\n%s", n, said)
	}
	if err := server.Restart(); err != nil {
		t.Fatal(err)
	}
	back := time.Now()
	for len(seen) < 3 {
		seen[receive(t, done).ID] = true
	}
	t.Logf("all done %s after Redis was back", time.Since(back).Round(time.Millisecond))
	stop()
	if err := <-reconciled; err != nil {
		t.Error(err)
	}
}
