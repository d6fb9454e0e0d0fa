//go:build linux

package main

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/models/modelstest"
	"reelroom/models/modelstest/testenv"
	"reelroom/models/mongostore"
	"reelroom/rooms"
)

// broken is a cluster, a look past it, and a video that takes a few seconds.
func broken(t *testing.T, workers int) *recovery {
	t.Helper()
	w := cluster(t, 1, workers, "WORKER_CONCURRENCY=1")
	store, err := mongostore.Open(t.Context(), w.mongo)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close(context.Background()) })
	data := made(t, testenv.Program(t, "ffmpeg"), "long.mp4", "-f lavfi -i testsrc2=s=640x360:r=25:d=120 -pix_fmt yuv420p -c:v libx264 -preset ultrafast -g 25")
	return &recovery{t: t, w: w, store: store, in: &installation{t: t, url: w.url(0), secret: w.secret}, data: data}
}

// begun uploads the video and waits until a worker is in the given stage.
func (r *recovery) begun(stage models.Stage) (models.Video, *member) {
	r.t.Helper()
	var d models.Document
	if status := r.in.upload(r.w.token("editor"), "long.mp4", r.data, &d); status != http.StatusAccepted {
		r.t.Fatalf("upload answered %d", status)
	}
	v, ok := r.until(d.ID, resumeTime, func(v *models.Video) bool { return v.Stage == stage && v.Lease.Worker != "" })
	worker := r.workerOf(&v)
	if !ok || worker == nil {
		r.t.Fatalf("no worker is in the stage %s: %+v", stage, v)
	}
	return v, worker
}

// A worker that sleeps loses its video to another. When it wakes, all that it
// writes matches nothing, it stops its tools, and nobody hears of it.
func TestWorkerThatSleptChangesNothing(t *testing.T) {
	t.Parallel()
	r := broken(t, 2)
	held, worker := r.begun(models.StageThumbnail) // the one with the long decode
	for deadline := time.Now().Add(patience); len(r.w.tools()) == 0; time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the stage runs no tool")
		}
	}
	worker.signal(syscall.SIGSTOP)
	slept := time.Now()
	done, ok := r.until(held.ID, patience, func(v *models.Video) bool { return v.Status.Terminal() })
	if !ok || done.Status != models.StatusCompleted || done.Fence <= held.Fence || len(done.Lapses) != 0 {
		t.Fatalf("while its worker slept the video came to %s, fence %d after %d", done.Status, done.Fence, held.Fence)
	}
	o := r.w.oracle()
	place := func() rooms.Cursor { o.mu.Lock(); defer o.mu.Unlock(); return o.head }
	published, ok := r.until(held.ID, patience, func(v *models.Video) bool { return !v.Unpublished() })
	for deadline := time.Now().Add(patience); !ok || place() == (rooms.Cursor{}); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the outcome is not in the log: %+v", published)
		}
	}
	time.Sleep(300 * time.Millisecond) // for the oracle to be at the end
	head := place()

	orphaned := len(r.w.tools())
	worker.signal(syscall.SIGCONT)
	woke := time.Now()
	for len(r.w.tools()) > 0 {
		if time.Since(woke) > patience {
			t.Fatalf("its tools still run: %v", r.w.tools())
		}
		time.Sleep(10 * time.Millisecond)
	}
	quiet := time.Since(woke)
	time.Sleep(models.HeartbeatEvery + time.Second) // time for what should not come
	after, err := r.store.Get(t.Context(), r.w.org, held.ID)
	if err != nil || after.Version != published.Version {
		t.Errorf("the record changed after it woke: version %d to %d, %s, %v", published.Version, after.Version, after.Status, err)
	}
	if now := place(); now != head {
		t.Errorf("events came after it woke: the log went from %s to %s", head, now)
	}
	for stage, times := range r.finished(held.ID) {
		if times != 1 {
			t.Errorf("the stage %s was finished %d times", stage, times)
		}
	}
	t.Logf("slept %.1f s; another worker completed the video under fence +%d; its tools (%d still there) ended %d ms after it woke; no write, no event",
		woke.Sub(slept).Seconds(), done.Fence-held.Fence, orphaned, quiet.Milliseconds())
}

// While the store is away for 15 s a server says so in time, with Retry-After,
// and takes nothing; the worker holds on, and a repeated upload makes one video.
func TestStoreAwayIsSaidAndOutlasted(t *testing.T) {
	t.Parallel()
	r := broken(t, 1)
	held, _ := r.begun(models.StageSensitivity)
	away := time.Now()
	for _, l := range r.w.storeLinks {
		l.set(linkSilent)
	}
	small := sample(t) // so that no answer is lost to a client that is still writing
	send := func() (*http.Response, time.Duration, error) {
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		part, _ := form.CreateFormFile("file", "again.mp4")
		_, _ = part.Write(small)
		_ = form.Close()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.in.url+"/api/videos", &body)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+r.w.token("editor"))
		request.Header.Set("Content-Type", form.FormDataContentType())
		request.Header.Set("Idempotency-Key", "once")
		began := time.Now()
		answer, err := http.DefaultClient.Do(request)
		if err == nil {
			_ = answer.Body.Close()
		}
		return answer, time.Since(began), err
	}
	answer, took, err := send()
	if err != nil {
		t.Fatal(err)
	}
	after, err := strconv.Atoi(answer.Header.Get("Retry-After"))
	if answer.StatusCode != http.StatusServiceUnavailable || err != nil || after < 1 {
		t.Errorf("an upload while the store is away was answered %d, Retry-After %q", answer.StatusCode, answer.Header.Get("Retry-After"))
	}
	time.Sleep(time.Until(away.Add(15 * time.Second)))
	for _, l := range r.w.storeLinks {
		l.set(linkPassing)
	}
	accepted := 0
	for deadline := time.Now().Add(patience); accepted == 0 && time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		// Where the store answers some and not others yet, a refusal may come
		// while the body is sent, and end the connection.
		if again, _, err := send(); err == nil && again.StatusCode == http.StatusAccepted {
			accepted++
		}
	}
	end, ok := r.until(held.ID, patience, func(v *models.Video) bool { return v.Status.Terminal() })
	if !ok || end.Status != models.StatusCompleted || end.Attempt != 1 {
		t.Errorf("the video under way came to %s %+v", end.Status, end.Failure)
	}
	all, err := r.w.list(t.Context(), r.w.token("editor"), 0)
	if err != nil || len(all) != 2 || accepted != 1 {
		t.Errorf("%d videos, %v, want the one under way and the one that was sent again", len(all), err)
	}
	t.Logf("503 with Retry-After %d after %.1f s; the video under way completed %.1f s after the store came back, fence +%d",
		after, took.Seconds(), time.Since(away).Seconds()-15, end.Fence-held.Fence)
}

// On a full disk an upload is refused with 507 and leaves nothing; a stage that
// has no room is put off, and goes on when there is.
func TestFullDiskIsSaidAndOutlasted(t *testing.T) {
	t.Parallel()
	ffmpeg := testenv.Program(t, "ffmpeg")
	const size = 4 << 20
	disk, ok := modelstest.SmallDisk(t, size)
	if !ok {
		testenv.Missing(t, "right to mount a small disk")
	}
	data := sample(t)
	in, _ := node(t, map[string]string{
		"FFMPEG": ffmpeg, "BLOB_URL": "file://" + filepath.Join(disk, "blobs"), "JWT_SECRET": strings.Repeat("test-secret-", 4),
		"MIN_FREE_MB": "0",
	})
	editor := in.token("acme", models.RoleEditor)
	// As much is taken as leaves room for one file, and nothing else.
	var free syscall.Statfs_t
	if err := syscall.Statfs(disk, &free); err != nil {
		t.Fatal(err)
	}
	const form = 512 // bytes of it beside the file, and a few
	pages := int64(free.Bavail) - (int64(len(data))+form+free.Bsize-1)/free.Bsize
	filler := filepath.Join(disk, "filler")
	if err := os.WriteFile(filler, make([]byte, pages*free.Bsize), 0o600); err != nil {
		t.Fatal(err)
	}
	_, events := in.listen(editor)
	var first models.Document
	if status := in.upload(editor, "first.mp4", data, &first); status != http.StatusAccepted {
		t.Fatalf("the upload that fits was answered %d", status)
	}
	var problem struct{ Code models.Code }
	if status := in.upload(editor, "second.mp4", data, &problem); status != http.StatusInsufficientStorage || problem.Code != models.CodeDiskFull {
		t.Errorf("an upload to a full disk was answered %d %s", status, problem.Code)
	}
	if n := blobFiles(t, disk); n != 1 {
		t.Errorf("%d files are there, want the first upload's alone", n)
	}
	var d models.Document // until the thumbnail has had no room
	for deadline := time.Now().Add(patience); d.Retry == 0; time.Sleep(50 * time.Millisecond) {
		in.call(http.MethodGet, "/api/videos/"+first.ID, editor, nil, "", &d)
		if d.Status.Terminal() || time.Now().After(deadline) {
			t.Fatalf("without room the video is %s in stage %s", d.Status, deref(d.Stage))
		}
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if _, end := outcome(t, events, first.ID); end.Name != string(models.EventProcessed) {
		t.Errorf("with room again: %s %s", end.Name, end.Payload())
	}
	t.Logf("507 %s; put off in stage %s; processed %.1f s after there was room again", problem.Code, deref(d.Stage), time.Since(began).Seconds())
}

// blobFiles counts the files of uploads, finished or not.
func blobFiles(t *testing.T, disk string) (n int) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(filepath.Join(disk, "blobs")), ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && filepath.Base(path) != ".installation" {
			n++
		}
		return err
	})
	if err != nil {
		t.Fatal(fmt.Errorf("read the disk: %w", err))
	}
	return n
}
