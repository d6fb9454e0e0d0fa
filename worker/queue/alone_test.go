package queue

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"

	"reelroom/models"
)

// suspect makes a video whose workers were lost so often that it is processed alone.
func (r *rig) suspect(t *testing.T, id string) models.Video {
	t.Helper()
	r.create(t, id)
	for _, worker := range []string{"lost-1", "lost-2"} {
		r.advance(t, id, models.Claim(worker, 1), over)
	}
	return r.advance(t, id, models.Published(99))
}

// A suspect waits for the videos beside it, then runs while nothing else does,
// also when there are several; what comes meanwhile runs afterwards.
func TestSuspectIsProcessedAlone(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, redis *redis.Client) {
		r := newRigOn(t, redis)
		var running atomic.Int32
		begun, end, done := make(chan string, 10), make(chan struct{}), make(chan models.Video, 10)
		refused := make(chan struct{}, 10)
		finish := r.claim(done)
		started(t, &Worker{Client: r.client, Concurrency: 3, Logger: quiet, Handle: func(ctx context.Context, task models.Task) error {
			n := running.Add(1)
			defer running.Add(-1)
			suspect := task.VideoID == "suspect-1" || task.VideoID == "suspect-2"
			switch {
			case suspect && task.Alone && n != 1:
				t.Errorf("%s runs beside %d others", task.VideoID, n-1)
			case suspect && !task.Alone:
				refused <- struct{}{}
			case !suspect && (task.VideoID == "a" || task.VideoID == "b"):
				begun <- task.VideoID
				<-end
			}
			return finish(ctx, task)
		}})
		for _, id := range []string{"a", "b"} {
			v := r.create(t, id)
			r.ask(t, &v)
			receive(t, begun)
		}
		for _, id := range []string{"suspect-1", "suspect-2"} {
			v := r.suspect(t, id)
			r.ask(t, &v)
		}
		v := r.create(t, "c")
		r.ask(t, &v)
		receive(t, refused)
		close(end)
		got := map[string]bool{}
		for range 5 {
			v := receive(t, done)
			if v.Status != models.StatusCompleted {
				t.Errorf("%s ended as %s", v.ID, v.Status)
			}
			got[v.ID] = true
		}
		if len(got) != 5 {
			t.Errorf("done: %v", got)
		}
	})
}

// A worker that is told to stop while a suspect waits for its turn gives it back.
func TestSuspectThatWaitsIsGivenBack(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	begun, refused := make(chan struct{}), make(chan struct{}, 1)
	stop := started(t, &Worker{Client: r.client, Concurrency: 2, Logger: quiet, Handle: func(ctx context.Context, task models.Task) error {
		if task.VideoID == "suspect" {
			refused <- struct{}{}
			return models.ErrAlone
		}
		close(begun)
		<-ctx.Done()
		return ctx.Err()
	}})
	v := r.create(t, "long")
	r.ask(t, &v)
	receive(t, begun)
	v = r.suspect(t, "suspect")
	r.ask(t, &v)
	receive(t, refused)
	stop()
	if n := r.client.Counts().Returned; n != 2 {
		t.Errorf("%d given back", n)
	}
	done := make(chan models.Video, 10)
	started(t, &Worker{Client: r.client, Concurrency: 2, Logger: quiet, Handle: r.claim(done)})
	for range 2 {
		if v := receive(t, done); v.Status != models.StatusCompleted {
			t.Errorf("%s ended as %s", v.ID, v.Status)
		}
	}
}
