package queue

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"reelroom/models"
	"reelroom/models/blobstore"
	"reelroom/models/sqlitestore"
	"reelroom/rooms"
	"reelroom/rooms/redislog"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var quiet = slog.New(slog.DiscardHandler)

type noLinks struct{}

func (noLinks) Media(string, string) string             { return "m" }
func (noLinks) Thumbnail(string, string) string         { return "t" }
func (noLinks) Storyboard(string, string) string        { return "s" }
func (noLinks) Playback(string, string) string          { return "b" }
func (noLinks) StoryboardPicture(string, string) string { return "p" }
func (noLinks) Evidence(string, string, int64) string   { return "e" }

// rig is a reconciler over the embedded services.
type rig struct {
	*Reconciler
	redis     *redis.Client
	client    *Client
	inspector *asynq.Inspector
	log       rooms.Log
}

func newRig(t *testing.T) *rig {
	t.Helper()
	return newRigOn(t, connect(t, miniredis.RunT(t).Addr()))
}

func newRigOn(t *testing.T, client *redis.Client) *rig {
	t.Helper()
	store, err := sqlitestore.Open(t.Context(), filepath.Join(t.TempDir(), "db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close(context.Background()) })
	blobs, err := blobstore.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = blobs.Close() })
	log := redislog.New(client, redislog.Options{Logger: quiet})
	queue := NewClient(client)
	return &rig{&Reconciler{
		Store: store, Blobs: blobs, Queue: queue, Logger: quiet,
		Publisher: &rooms.Publisher{Videos: store, Log: log, Links: noLinks{}, Logger: quiet},
	}, client, queue, asynq.NewInspectorFromRedisClient(client), log}
}

func (r *rig) create(t *testing.T, id string) models.Video {
	t.Helper()
	v, err := r.Store.Create(t.Context(), "acme", models.Video{ID: id, OrganizationID: "acme", Title: id})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func (r *rig) advance(t *testing.T, id string, changes ...models.Transition) models.Video {
	t.Helper()
	var v models.Video
	for _, change := range changes {
		var err error
		if v, err = r.Store.Advance(t.Context(), "acme", id, change); err != nil {
			t.Fatal(err)
		}
	}
	return v
}

func (r *rig) pass(t *testing.T) {
	t.Helper()
	if err := r.Pass(t.Context(), true); err != nil {
		t.Fatal(err)
	}
}

func (r *rig) waiting(t *testing.T) int {
	t.Helper()
	n, err := r.client.Depth()
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestEnqueueTwiceQueuesOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	v := r.create(t, "v")
	for range 3 {
		if err := r.client.Enqueue(t.Context(), "acme", models.TaskOf(&v)); err != nil {
			t.Fatal(err)
		}
	}
	if n := r.waiting(t); n != 1 {
		t.Errorf("%d tasks wait, want 1", n)
	}
	if err := r.client.Enqueue(t.Context(), "rival", models.TaskOf(&v)); err == nil {
		t.Error("a task of another organization was taken")
	}
}

// asynq keeps a task that it gave up on; its name must not bar the next one.
func TestEndedTaskIsReplaced(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	v := r.create(t, "v")
	task := models.TaskOf(&v)
	if err := r.client.Enqueue(t.Context(), "acme", task); err != nil {
		t.Fatal(err)
	}
	if err := r.inspector.ArchiveTask(name, taskID(task)); err != nil {
		t.Fatal(err)
	}
	if n := r.waiting(t); n != 0 {
		t.Fatalf("%d tasks wait after the task was archived", n)
	}
	r.pass(t)
	if n := r.waiting(t); n != 1 {
		t.Errorf("%d tasks wait, want 1", n)
	}
}

func TestAwayRedisIsUnavailable(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	v := r.create(t, "v")
	_ = r.redis.Close()
	if err := r.client.Enqueue(t.Context(), "acme", models.TaskOf(&v)); models.CodeOf(err) != models.CodeUnavailable {
		t.Errorf("got %v", err)
	}
}

// What is unsettled is settled, and settling it again changes nothing.
func TestReconcileIsCompleteAndIdempotent(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.create(t, "queued")
	r.create(t, "ended")
	r.advance(t, "ended", models.Cancel())
	r.create(t, "held")
	r.advance(t, "held", models.Claim("somebody", 1))
	gone, err := r.Store.Create(t.Context(), "acme", models.Video{ID: "gone", OrganizationID: "acme", File: models.File{Key: models.SourceKey("gone", "n")}})
	if err != nil {
		t.Fatal(err)
	}
	w, err := r.Blobs.Create(t.Context(), "acme", models.SourceKey(gone.ID, "n"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	r.advance(t, "gone", models.Delete())

	for range 3 {
		r.pass(t)
	}
	events, err := r.log.After(t.Context(), "acme", rooms.Cursor{}, 100)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]models.EventName{}
	for _, e := range events {
		if _, twice := seen[e.VideoID]; twice {
			t.Errorf("%s of %s was published twice", e.Name, e.VideoID)
		}
		seen[e.VideoID] = e.Name
	}
	for id, want := range map[string]models.EventName{
		"queued": models.EventQueued, "ended": models.EventCancelled, "held": models.EventProgress, "gone": models.EventDeleted,
	} {
		if seen[id] != want {
			t.Errorf("%s: published %q, want %s", id, seen[id], want)
		}
	}
	if _, err := r.Blobs.Open(t.Context(), "acme", models.SourceKey(gone.ID, "n")); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("the deleted video's file: %v", err)
	}
	left, err := r.Store.Unsettled(t.Context(), models.VideoRef{}, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range left {
		if v.ID != "queued" {
			t.Errorf("%s is still unsettled: %s", v.ID, v.Status)
		}
	}
}

// A Redis that lost everything gets its tasks again from the records.
func TestLostQueueIsRebuilt(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, id := range []string{"a", "b", "c"} {
		r.create(t, id)
	}
	r.pass(t)
	if err := r.redis.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	r.pass(t)
	if n := r.waiting(t); n != 3 {
		t.Errorf("%d tasks wait, want 3", n)
	}
}

func TestWorkerHandlesAndStops(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx, cancel := context.WithCancel(t.Context())
	var stopped, panicked atomic.Bool
	handled := make(chan models.Task, 4)
	w := &Worker{Client: r.client, Concurrency: 2, Logger: quiet, Handle: func(ctx context.Context, task models.Task) error {
		if task.VideoID == "bad" {
			panicked.Store(true)
			panic("a stage went wrong")
		}
		handled <- task
		if task.VideoID == "long" {
			<-ctx.Done() // told to stop
			time.Sleep(200 * time.Millisecond)
			stopped.Store(true) // its last words are waited for
			return ctx.Err()
		}
		return nil
	}}
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	for _, id := range []string{"bad", "short", "long"} {
		v := r.create(t, id)
		if err := r.client.Enqueue(t.Context(), "acme", models.TaskOf(&v)); err != nil {
			t.Fatal(err)
		}
	}
	got := map[string]bool{(<-handled).VideoID: true, (<-handled).VideoID: true}
	if !got["short"] || !got["long"] || !panicked.Load() {
		t.Errorf("handled %v, panicked %v", got, panicked.Load())
	}
	cancel()
	if err := <-done; err != nil || !stopped.Load() {
		t.Fatalf("stopped with %v, the handler had ended: %v", err, stopped.Load())
	}
}

func TestRetryDelayIsBounded(t *testing.T) {
	t.Parallel()
	for n := range 100 {
		if d := retryDelay(n, errors.New("x"), nil); d < time.Second || d > time.Minute {
			t.Errorf("retry %d waits %s", n, d)
		}
	}
}
