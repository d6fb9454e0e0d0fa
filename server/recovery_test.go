//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/models/modelstest/testenv"
	"reelroom/models/mongostore"
)

var recoveryKills = flag.Int("recovery.kills", 3, "workers killed by TestKilledWorkersVideoIsTakenUpByAnother")

// resumeTime is when a dead worker's video must have another worker. It is
// promised within 30 s; a loaded machine gets twice that.
const resumeTime = 60 * time.Second

// lanes is how many videos are worked on, and lose their worker, side by side.
const lanes = 3

// Workers are killed at random points of each stage: another worker claims the
// video, goes on at the stage that had not finished, and runs none again that
// had.
//
//	go test ./server -run TestKilledWorkersVideoIsTakenUpByAnother -v -timeout 30m -args -recovery.kills 30
func TestKilledWorkersVideoIsTakenUpByAnother(t *testing.T) {
	t.Parallel()
	w := cluster(t, 1, 2*lanes, "WORKER_CONCURRENCY=1")
	store, err := mongostore.Open(t.Context(), w.mongo)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close(context.Background()) })
	data := made(t, testenv.Program(t, "ffmpeg"), "long.mp4", "-f lavfi -i testsrc2=s=640x360:r=25:d=120 -pix_fmt yuv420p -c:v libx264 -preset ultrafast -g 25")
	in := &installation{t: t, url: w.url(0), secret: w.secret}
	r := &recovery{t: t, w: w, store: store, in: in, data: data}
	var running sync.WaitGroup
	for lane := range min(lanes, *recoveryKills) {
		random := rand.New(rand.NewPCG(uint64(lane), uint64(time.Now().UnixNano())))
		running.Go(func() {
			for n := lane; n < *recoveryKills && !t.Failed(); n += lanes {
				r.once(models.Stages[n%len(models.Stages)], random)
			}
		})
	}
	running.Wait()
	if t.Failed() {
		return
	}
	slices.Sort(r.claimed)
	slices.Sort(r.shown)
	t.Logf("%d workers killed in a stage; until another had the video: %s; until a client saw it go on: %s",
		len(r.claimed), spread(r.claimed), spread(r.shown))
	t.Logf("the killed stage was %v; stages finished in these videos: %v", r.hit, r.ran())
}

// spread tells a sorted distribution.
func spread(of []time.Duration) string {
	at := func(q float64) time.Duration {
		return of[min(int(q*float64(len(of))), len(of)-1)].Round(10 * time.Millisecond)
	}
	return fmt.Sprintf("p50 %s, p90 %s, max %s", at(0.5), at(0.9), of[len(of)-1].Round(10*time.Millisecond))
}

type recovery struct {
	t     *testing.T
	w     *world
	store models.Store
	in    *installation
	data  []byte

	mu             sync.Mutex
	ids            []string
	claimed, shown []time.Duration
	hit            map[models.Stage]int
}

// once lets one video lose its worker in the given stage.
func (r *recovery) once(stage models.Stage, random *rand.Rand) {
	for range 20 { // a stage may be over before the worker is
		editor := r.w.token("editor")
		var d models.Document
		if status := r.in.upload(editor, "long.mp4", r.data, &d); status != http.StatusAccepted {
			r.t.Errorf("upload answered %d", status)
			return
		}
		before, ok := r.until(d.ID, resumeTime, func(v *models.Video) bool { return v.Stage == stage && v.Lease.Worker != "" || v.Status.Terminal() })
		if !ok {
			r.t.Errorf("no worker began the stage %s of %s: %+v", stage, d.ID, before)
			return
		}
		time.Sleep(time.Duration(random.Int64N(int64(time.Second))))
		worker := r.workerOf(&before)
		if worker == nil || before.Status.Terminal() {
			continue
		}
		worker.signal(syscall.SIGKILL)
		killed := time.Now()
		now, err := r.store.Get(r.t.Context(), r.w.org, d.ID)
		if err != nil {
			r.t.Error(err)
			return
		}
		if now.Status.Terminal() {
			continue
		}
		r.follow(&now, killed)
		return
	}
	r.t.Errorf("no worker could be killed in the stage %s", stage)
}

// follow measures from the kill to the next claim, and to the outcome.
func (r *recovery) follow(dead *models.Video, killed time.Time) {
	next, ok := r.until(dead.ID, resumeTime, func(v *models.Video) bool { return v.Fence > dead.Fence })
	claimed := time.Since(killed)
	if !ok || next.Stage != dead.Stage || len(next.Lapses) != len(dead.Lapses)+1 {
		r.t.Errorf("after the kill in stage %s, %s later: stage %s, fence %d after %d, lapses of %v", dead.Stage, claimed, next.Stage, next.Fence, dead.Fence, next.Lapses)
		return
	}
	if next, ok = r.until(dead.ID, resumeTime, func(v *models.Video) bool { return v.PublishedRev > dead.Rev }); !ok {
		r.t.Errorf("that %s goes on was not published: %+v", dead.ID, next)
	}
	shown := time.Since(killed)
	end, ok := r.until(dead.ID, patience, func(v *models.Video) bool { return v.Status.Terminal() })
	if !ok || end.Status != models.StatusCompleted || end.Attempt != 1 {
		r.t.Errorf("%s ended as %s %+v, attempt %d", dead.ID, end.Status, end.Failure, end.Attempt)
	}
	finished := r.finished(dead.ID)
	for stage, times := range finished {
		if times > 1 {
			r.t.Errorf("%s: the stage %s ran %d times", dead.ID, stage, times)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.hit == nil {
		r.hit = map[models.Stage]int{}
	}
	r.hit[dead.Stage]++
	r.ids = append(r.ids, dead.ID)
	r.claimed, r.shown = append(r.claimed, claimed), append(r.shown, shown)
}

// until reads the record until it is so, or the time is over.
func (r *recovery) until(id string, limit time.Duration, so func(*models.Video) bool) (v models.Video, ok bool) {
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		var err error
		if v, err = r.store.Get(r.t.Context(), r.w.org, id); err == nil && so(&v) {
			return v, true
		}
	}
	return v, false
}

// workerOf finds the process that holds the lease: its id stands in the name.
func (r *recovery) workerOf(v *models.Video) *member {
	for _, m := range r.w.workers {
		if pid := m.alive(); pid != 0 && strings.Contains(v.Lease.Worker, fmt.Sprintf(".%d.", pid)) {
			return m
		}
	}
	return nil
}

// finished counts how often the workers finished each stage of a video.
func (r *recovery) finished(id string) map[string]int {
	times := map[string]int{}
	logs, _ := filepath.Glob(filepath.Join(r.w.logs(), "worker-*.log"))
	for _, path := range logs {
		data, err := os.ReadFile(path)
		if err != nil {
			r.t.Error(err)
		}
		for line := range bytes.Lines(data) {
			var said struct{ Msg, Video, Stage string }
			if json.Unmarshal(line, &said) == nil && said.Video == id && said.Msg == "stage finished" {
				times[said.Stage]++
			}
		}
	}
	return times
}

func (r *recovery) ran() map[string]int {
	sum := map[string]int{}
	for _, id := range r.ids {
		for stage, n := range r.finished(id) {
			sum[stage] += n
		}
	}
	return sum
}
