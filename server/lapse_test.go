//go:build linux

package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"syscall"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/models/modelstest/testenv"
	"reelroom/models/mongostore"
)

const neighbours = 4

// crowd is a cluster of two workers that each take several videos at a time. The
// second sleeps until it is woken, so that the first gets all of them.
func crowd(t *testing.T) *recovery {
	t.Helper()
	w := cluster(t, 1, 2, fmt.Sprint("WORKER_CONCURRENCY=", neighbours))
	store, err := mongostore.Open(t.Context(), w.mongo)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close(context.Background()) })
	data := made(t, testenv.Program(t, "ffmpeg"), "long.mp4", "-f lavfi -i testsrc2=s=640x360:r=25:d=120 -pix_fmt yuv420p -c:v libx264 -preset ultrafast -g 25")
	return &recovery{t: t, w: w, store: store, in: &installation{t: t, url: w.url(0), secret: w.secret}, data: data}
}

func (r *recovery) uploads(n int) (ids []string) {
	r.t.Helper()
	for i := range n {
		var d models.Document
		if status := r.in.upload(r.w.token("editor"), fmt.Sprintf("%d.mp4", i), r.data, &d); status != http.StatusAccepted {
			r.t.Fatalf("upload answered %d", status)
		}
		ids = append(ids, d.ID)
	}
	return ids
}

// heldBy waits until the worker holds all videos that have no outcome, and at
// least one.
func (r *recovery) heldBy(m *member, ids []string) {
	r.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		held := 0
		for _, id := range ids {
			v, err := r.store.Get(r.t.Context(), r.w.org, id)
			switch {
			case err != nil || !v.Status.Terminal() && r.workerOf(&v) != m:
				held = -neighbours
			case !v.Status.Terminal():
				held++
			}
		}
		if held > 0 {
			return
		}
		if time.Now().After(deadline) {
			r.t.Fatalf("%s does not process the videos", m.name)
		}
	}
}

func (r *recovery) completed(ids []string) {
	r.t.Helper()
	for _, id := range ids {
		v, ok := r.until(id, patience, func(v *models.Video) bool { return v.Status.Terminal() })
		if !ok || v.Status != models.StatusCompleted || v.Attempt != 1 {
			r.t.Errorf("a healthy video is %s in stage %s: %+v, lapses of %v", v.Status, v.Stage, v.Failure, v.Lapses)
		}
	}
}

// Healthy videos complete, although their worker is paused, then the one that
// took them over.
func TestPausedWorkersGiveNoVideoUp(t *testing.T) {
	t.Parallel()
	r := crowd(t)
	first, second := r.w.workers[0], r.w.workers[1]
	second.signal(syscall.SIGSTOP)
	ids := r.uploads(neighbours)
	r.heldBy(first, ids)
	first.signal(syscall.SIGSTOP)
	second.signal(syscall.SIGCONT)
	r.heldBy(second, ids)
	second.signal(syscall.SIGSTOP)
	first.signal(syscall.SIGCONT)
	r.completed(ids)
	second.signal(syscall.SIGCONT)
}

// Healthy videos complete, although their worker is killed, then the one that
// took them over, and then one that processes a suspect alone.
func TestKilledWorkersGiveNoVideoUp(t *testing.T) {
	t.Parallel()
	r := crowd(t)
	first, second := r.w.workers[0], r.w.workers[1]
	second.signal(syscall.SIGSTOP)
	ids := r.uploads(neighbours)
	r.heldBy(first, ids)
	second.signal(syscall.SIGCONT)
	first.rest.Store(int64(2 * time.Minute))
	first.signal(syscall.SIGKILL)
	r.heldBy(second, ids)
	second.signal(syscall.SIGKILL)
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		if i := slices.IndexFunc(ids, func(id string) bool {
			v, err := r.store.Get(t.Context(), r.w.org, id)
			return err == nil && len(v.Lapses) == models.SuspectAfter && r.workerOf(&v) != nil
		}); i >= 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("no suspect is processed")
		}
	}
	second.signal(syscall.SIGKILL)
	r.completed(ids)
}

// A file whose worker is killed whenever it is processed is given up, after it
// ran alone twice, and all videos beside it complete.
func TestPoisonVideoIsGivenUpAlone(t *testing.T) {
	t.Parallel()
	r := crowd(t)
	r.w.workers[1].signal(syscall.SIGSTOP)
	ids := r.uploads(neighbours)
	poison, healthy := ids[0], ids[1:]
	began, kills, alone, killed := time.Now(), 0, 0, int64(0)
	r.heldBy(r.w.workers[0], ids)
	r.w.workers[1].signal(syscall.SIGCONT)
	end, ok := r.until(poison, patience, func(v *models.Video) bool {
		worker := r.workerOf(v)
		if worker == nil || v.Fence == killed {
			return v.Status.Terminal()
		}
		killed = v.Fence
		kills++
		beside := 0
		for _, id := range healthy {
			if o, err := r.store.Get(t.Context(), r.w.org, id); err == nil && o.Lease.Worker == v.Lease.Worker {
				beside++
			}
		}
		if beside == 0 {
			alone++
		}
		worker.signal(syscall.SIGKILL)
		return false
	})
	took := time.Since(began)
	if !ok || end.Status != models.StatusFailed || end.Failure.Code != models.CodePoison {
		t.Errorf("after %d kills: %s %+v, lapses of %v", kills, end.Status, end.Failure, end.Lapses)
	}
	if kills > models.MaxLapses+1 || alone < models.MaxLapses-models.SuspectAfter { // it may finish a stage before it is killed
		t.Errorf("%d workers were killed, %d of them with it alone", kills, alone)
	}
	r.completed(healthy)
	t.Logf("failed as %s %.0f s after the first of %d kills, %d of them with it alone", end.Failure.Code, took.Seconds(), kills, alone)
}
