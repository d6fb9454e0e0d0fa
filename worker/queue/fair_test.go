package queue

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"

	"reelroom/models"
)

// started runs a worker until the test ends.
func started(t *testing.T, w *Worker) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// An organization with 1,000 queued videos uses all workers while it is alone,
// and delays another's first video by no more than the job that ends next. Then
// both are served in turn, and every video is worked on once.
func TestThousandQueuedDelayAnotherByOneJob(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, redis *redis.Client) {
		const workers = 2
		many := 1000
		if strings.Contains(t.Name(), inProcess) {
			many = 150 // the race detector makes its Lua slow
		}
		client := NewClient(redis)
		enqueue := func(org string, i int) {
			if err := client.Enqueue(t.Context(), org, task(org, fmt.Sprint(i))); err != nil {
				t.Fatal(err)
			}
		}
		for i := range many {
			enqueue("big", i)
		}
		begun, end := make(chan models.Task, many), make(chan struct{})
		var twice sync.Map
		var handled atomic.Int64
		all := make(chan struct{})
		started(t, &Worker{Client: client, Concurrency: workers, Logger: quiet, Handle: func(ctx context.Context, task models.Task) error {
			if _, was := twice.LoadOrStore(task, true); was {
				t.Errorf("%+v was worked on twice", task)
			}
			begun <- task
			select {
			case <-end:
			case <-ctx.Done():
				return ctx.Err()
			}
			if handled.Add(1) == int64(many)+3 {
				close(all)
			}
			return nil
		}})
		for range workers {
			if got := <-begun; got.OrganizationID != "big" {
				t.Fatal(got)
			}
		}
		for i := range 3 {
			enqueue("small", i)
		}
		if places, err := client.Positions(t.Context(), "small", models.Video{ID: "0", Attempt: 1}, models.Video{ID: "1", Attempt: 1}); err != nil || places["0"] != 1 || places["1"] != 3 {
			t.Errorf("positions %v, %v", places, err)
		}
		for i, want := range []string{"small", "big", "small", "big", "small", "big", "big"} {
			end <- struct{}{}
			if got := <-begun; got.OrganizationID != want {
				t.Errorf("job %d is for %s, want %s", i+1, got.OrganizationID, want)
			}
		}
		close(end)
		for done := false; !done; {
			select {
			case <-begun:
			case <-all:
				done = true
			}
		}
	})
}
