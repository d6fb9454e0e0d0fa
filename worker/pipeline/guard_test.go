package pipeline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"reelroom/models"
	"reelroom/models/blobstore"
	"reelroom/models/sqlitestore"
	"reelroom/rooms"
	"reelroom/rooms/redislog"
	"reelroom/worker/estimate"
	"reelroom/worker/ffmpeg"
)

func TestMain(m *testing.M) {
	ffmpeg.Child() // for what is measured with the embedded one
	goleak.VerifyTestMain(m)
}

var quiet = slog.New(slog.DiscardHandler)

type noLinks struct{}

func (noLinks) Media(string, string) string             { return "m" }
func (noLinks) Thumbnail(string, string) string         { return "t" }
func (noLinks) Storyboard(string, string) string        { return "s" }
func (noLinks) Playback(string, string) string          { return "b" }
func (noLinks) StoryboardPicture(string, string) string { return "p" }
func (noLinks) Evidence(string, string, int64) string   { return "e" }

// newPipeline stands on the embedded services and holds one queued video "v".
func newPipeline(t testing.TB) *Pipeline {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr(), ContextTimeoutEnabled: true})
	t.Cleanup(func() { _ = client.Close() })
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
	hub := rooms.NewHub(log, quiet)
	t.Cleanup(hub.Close)
	p := &Pipeline{
		Worker: "w1", Videos: store, Policies: store, Blobs: blobs, Log: log, Hub: hub, WorkDir: filepath.Join(t.TempDir(), "work"), Logger: quiet,
		Estimator: estimate.New(store, quiet),
		Publisher: &rooms.Publisher{Videos: store, Audit: store, Log: log, Links: noLinks{}, Logger: quiet},
	}
	if _, err := p.Publisher.Create(t.Context(), "acme", models.Video{ID: "v", OrganizationID: "acme"}); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *Pipeline) must(t testing.TB, change models.Transition) models.Video {
	t.Helper()
	v, err := p.Publisher.Advance(t.Context(), "acme", "v", change)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// lapsed is what time does to the lease of a worker that sleeps.
func lapsed(v *models.Video, now time.Time) error {
	v.Lease.Until = now.Add(-time.Second)
	return nil
}

// takenOver is what another worker does then, before the first one wakes.
func takenOver(v *models.Video, now time.Time) error {
	return errors.Join(lapsed(v, now), models.Claim("w2", 1)(v, now))
}

// A worker whose video was taken over is told before its next heartbeat, and
// what it reports meanwhile stands under its own, old revision.
func TestGuardSeesThatTheVideoWasLost(t *testing.T) {
	t.Parallel()
	for name, change := range map[string][]models.Transition{
		"taken over": {takenOver}, "cancelled": {models.Cancel()}, "deleted": {models.Delete()},
		"processed elsewhere": {models.EndOutside(models.Outside{ID: "x"})}, "failed elsewhere": {models.EndOutside(models.Outside{ID: "x", Failure: &models.Failure{}})},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPipeline(t)
			v := p.must(t, models.Claim("w1", 1))
			progress := p.newProgress(t.Context(), p.Estimator.Start(time.Now(), nil), quiet)
			defer progress.close()
			progress.begin(v)
			working, stop := p.guard(t.Context(), &v, progress, quiet)
			defer stop()
			for _, c := range change {
				p.must(t, c)
			}
			select {
			case <-working.Done():
			case <-time.After(models.HeartbeatEvery):
				t.Fatal("the worker goes on")
			}
			if !errors.Is(context.Cause(working), models.ErrStale) {
				t.Errorf("it ended because of %v", context.Cause(working))
			}
			if !progress.older(v.Rev + 1) {
				t.Error("the lost worker took over a newer revision")
			}
		})
	}
}

// A new title given meanwhile does not silence the worker's progress.
func TestGuardFollowsAnEdit(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	v := p.must(t, models.Claim("w1", 1))
	progress := p.newProgress(t.Context(), p.Estimator.Start(time.Now(), nil), quiet)
	defer progress.close()
	progress.begin(v)
	working, stop := p.guard(t.Context(), &v, progress, quiet)
	defer stop()
	edited := p.must(t, models.Rename("new"))
	for deadline := time.Now().Add(models.HeartbeatEvery - time.Second); progress.older(edited.Rev); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) || working.Err() != nil {
			t.Fatalf("progress still carries the old revision; %v", context.Cause(working))
		}
	}
}

// awayVideos is a store that can be away.
type awayVideos struct {
	models.Videos
	away           atomic.Bool
	failed, passed atomic.Int64
}

func (a *awayVideos) Advance(ctx context.Context, org, id string, t models.Transition) (models.Video, error) {
	if a.away.Load() {
		a.failed.Add(1)
		return models.Video{}, models.Errorf(models.CodeUnavailable, "away").Again(0)
	}
	v, err := a.Videos.Advance(ctx, org, id, t)
	a.passed.Add(1)
	return v, err
}

// When the store comes back after it was away, the lease is renewed at once,
// not at the next beat: a living worker is not taken for dead.
func TestHeartbeatIsThereWhenTheStoreComesBack(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	store := &awayVideos{Videos: p.Videos}
	p.Videos = store // the publisher keeps the one that stays
	v := p.must(t, models.Claim("w1", 1))
	progress := p.newProgress(t.Context(), p.Estimator.Start(time.Now(), nil), quiet)
	defer progress.close()
	progress.begin(v)
	working, stop := p.guard(t.Context(), &v, progress, quiet)
	defer stop()
	store.away.Store(true)
	p.must(t, models.Rename("new")) // makes the guard look, in vain
	wait := func(what string, n *atomic.Int64, least int64) {
		t.Helper()
		for deadline := time.Now().Add(models.HeartbeatEvery - time.Second); n.Load() < least; time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) || working.Err() != nil {
				t.Fatalf("%s: %d times; %v", what, n.Load(), context.Cause(working))
			}
		}
	}
	wait("heartbeats that failed", &store.failed, 2)
	store.away.Store(false)
	wait("heartbeats after the store came back", &store.passed, 1)
}

// An upload whose file is gone fails with a code; a panic in a stage harms
// nothing but its video.
func TestStageTroubleEndsTheVideo(t *testing.T) {
	t.Parallel()
	key := func(v *models.Video, _ time.Time) error { v.File.Key = models.SourceKey("v", "n"); return nil }
	p := newPipeline(t)
	v := p.must(t, key)
	if err := p.Process(t.Context(), models.TaskOf(&v)); err != nil {
		t.Fatal(err)
	}
	v, err := p.Videos.Get(t.Context(), "acme", "v")
	if err != nil || v.Status != models.StatusFailed || v.Failure.Code != models.CodeSourceLost {
		t.Errorf("%s %+v, %v", v.Status, v.Failure, err)
	}

	p = newPipeline(t)
	w, err := p.Blobs.Create(t.Context(), "acme", models.SourceKey("v", "n"))
	if err == nil {
		_, err = w.Write([]byte("\x00\x00\x00\x08free"))
	}
	if err != nil || w.Commit() != nil {
		t.Fatal(err)
	}
	v = p.must(t, key)
	if err := p.Process(t.Context(), models.TaskOf(&v)); err != nil { // Tools is nil: the stage panics
		t.Fatal(err)
	}
	if v, err = p.Videos.Get(t.Context(), "acme", "v"); err != nil || v.Status != models.StatusFailed || v.Failure.Code != models.CodeInternal {
		t.Errorf("%s %+v, %v", v.Status, v.Failure, err)
	}
	if left, err := os.ReadDir(p.WorkDir); err != nil || len(left) != 0 {
		t.Errorf("left in the work folder: %v, %v", left, err)
	}
}

// What a dead process left is removed; what a living one uses is not.
func TestSweepTakesTheDeadOnly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	host, _ := os.Hostname()
	const noProcess = 1 << 22 // above the largest process id of Linux
	old := time.Now().Add(-2 * abandonedAfter)
	for name, stays := range map[string]bool{
		fmt.Sprintf("%s.%d.%s.1", host, os.Getpid(), run): true,
		fmt.Sprintf("%s.%d.RUN.1", host, os.Getpid()):     false, // a container's first process has one id in each run
		fmt.Sprintf("%s.%d.5", host, os.Getpid()):         false, // as it was named before
		fmt.Sprintf("%s.%d.%s.2", host, noProcess, run):   false,
		"elsewhere.7.3": true,
		"elsewhere.7.4": false, // old
	} {
		path := filepath.Join(dir, name)
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		if name == "elsewhere.7.4" {
			if err := os.Chtimes(path, old, old); err != nil {
				t.Fatal(err)
			}
		}
		defer func() {
			if _, err := os.Stat(path); (err == nil) != stays {
				t.Errorf("%s: %v, want it to stay: %v", name, err, stays)
			}
		}()
	}
	sweep(dir, time.Now())
}

// What this node hears late of an earlier attempt's end does not stop the next.
func TestGuardKnowsAnEarlierAttemptsEnd(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	p.Hub = rooms.NewHub(&lateLog{Log: p.Log, events: []models.Event{
		{Name: models.EventCancelled, VideoID: "v", Attempt: 1, Rev: 2, Transition: true},
		{Name: models.EventQueued, VideoID: "v", Attempt: 2, Rev: 3, Transition: true},
	}}, quiet)
	defer p.Hub.Close()
	p.must(t, models.Cancel())
	p.must(t, models.Retry(false))
	v := p.must(t, models.Claim("w1", 2))
	store := &awayVideos{Videos: p.Videos}
	p.Videos = store
	progress := p.newProgress(t.Context(), p.Estimator.Start(time.Now(), nil), quiet)
	defer progress.close()
	working, stop := p.guard(t.Context(), &v, progress, quiet)
	defer stop()
	for deadline := time.Now().Add(time.Minute); store.passed.Load() < 2; time.Sleep(5 * time.Millisecond) {
		if working.Err() != nil || time.Now().After(deadline) { // it looks when it listens, and at what it hears
			t.Fatalf("%d looks; %v", store.passed.Load(), context.Cause(working))
		}
	}
}

// lateLog tells its events to everybody who follows, when they listen.
type lateLog struct {
	rooms.Log
	events []models.Event
}

func (l *lateLog) Follow(ctx context.Context, _ string, ready func(rooms.Cursor), deliver func(rooms.Cursor, []models.Event)) error {
	ready(rooms.Cursor{Epoch: "e", Seq: 1})
	for n := uint64(2); ctx.Err() == nil; n++ { // the listener comes after the head is known
		deliver(rooms.Cursor{Epoch: "e", Seq: n}, l.events)
		sleep(ctx, 10*time.Millisecond)
	}
	return ctx.Err()
}

// A worker that slept until another took its video over takes back what was
// noted against it, however it finds out: it did not crash.
func TestWorkerThatWakesTakesItsLapseBack(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fails error // how its stage ends; nil: when it is told to
		stops bool  // it is told to stop
	}{
		"by its heartbeat":          {},
		"by the failure of a stage": {fails: models.Errorf(models.CodeCorrupt, "Damaged.")},
		"by trouble that may pass":  {fails: models.Errorf(models.CodeUnavailable, "Away.").Again(0)},
		"by a stop":                 {stops: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPipeline(t)
			blobs := &blockedBlobs{Blobs: p.Blobs, begun: make(chan struct{}), end: make(chan error, 1)}
			p.Blobs = blobs
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			ended := make(chan error, 1)
			go func() {
				ended <- p.Process(ctx, models.Task{OrganizationID: "acme", VideoID: "v", Attempt: 1})
			}()
			<-blobs.begun
			// In the store alone: no event wakes the worker.
			v, err := p.Videos.Advance(t.Context(), "acme", "v", takenOver)
			if err != nil || len(v.Lapses) != 1 {
				t.Fatalf("lapses of %v, %v", v.Lapses, err)
			}
			if test.fails != nil {
				blobs.end <- test.fails
			} else if test.stops {
				stop()
			}
			if err := <-ended; err != nil && !test.stops {
				t.Fatal(err)
			}
			after, err := p.Videos.Get(t.Context(), "acme", "v")
			if err != nil || len(after.Lapses) != 0 || after.Fence != v.Fence || after.Rev != v.Rev || after.Lease.Worker != "w2" {
				t.Errorf("afterwards lapses of %v, %+v, %v", after.Lapses, after.Lease, err)
			}
		})
	}
}

// blockedBlobs has no file, and says so with end, or when its caller is told to stop.
type blockedBlobs struct {
	models.Blobs
	begun chan struct{}
	end   chan error
}

func (b *blockedBlobs) Local(ctx context.Context, _, _ string) (string, func(), error) {
	close(b.begun)
	select {
	case err := <-b.end:
		return "", nil, err
	case <-ctx.Done():
		return "", nil, ctx.Err()
	}
}

// A suspect is claimed only by a worker that processes nothing else, and rests
// before its last run.
func TestProcessRefusesSuspectBesideOthers(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	for _, worker := range []string{"lost-1", "lost-2"} {
		p.must(t, models.Claim(worker, 1))
		p.must(t, lapsed)
	}
	task := models.Task{OrganizationID: "acme", VideoID: "v", Attempt: 1}
	if err := p.Process(t.Context(), task); !errors.Is(err, models.ErrAlone) {
		t.Errorf("beside others: %v", err)
	}
	p.must(t, models.ClaimAlone("lost-3", 1))
	p.must(t, lapsed)
	task.Alone = true
	if err := p.Process(t.Context(), task); !errors.Is(err, models.ErrLeased) {
		t.Errorf("before its last run: %v", err)
	}
	if v, err := p.Videos.Get(t.Context(), "acme", "v"); err != nil || v.Eta != nil || v.Status != models.StatusProcessing {
		t.Errorf("%s, eta %v, %v", v.Status, v.Eta, err)
	}
}
