package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/server/limits"
)

func (b *bench) batch(token string, header []string, fields ...field) answer {
	b.t.Helper()
	body, kind := makeForm(b.t, fields...)
	return b.do(http.MethodPost, "/batch/upload", token, bytes.NewReader(body), append([]string{"Content-Type", kind}, header...)...)
}

// clips are so many files that pass the door.
func clips(n int) (fields []field) {
	for i := range n {
		fields = append(fields, field{"files", fmt.Sprintf("clip %d.mp4", i), video(fmt.Sprint("body ", i))})
	}
	return fields
}

func (b *bench) status(token, id string) (s models.BatchState) {
	b.t.Helper()
	b.do("GET", "/batch/"+id+"/status", token, nil).into(b.t, http.StatusOK, &s)
	return s
}

// work does to every queued video of acme what a worker does, by its title.
func (b *bench) work(ctx context.Context, workers int) {
	b.t.Helper()
	b.queue.mu.Lock()
	all := b.queue.all
	b.queue.all = nil
	b.queue.mu.Unlock()
	tasks := make(chan models.Task)
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for task := range tasks {
				if err := b.process(ctx, task); err != nil && !errors.Is(err, models.ErrConflict) && !errors.Is(err, models.ErrStale) && !errors.Is(err, models.ErrNotFound) {
					b.t.Errorf("video %s: %v", task.VideoID, err)
				}
			}
		})
	}
	for _, task := range all {
		tasks <- task
	}
	close(tasks)
	group.Wait()
}

func (b *bench) process(ctx context.Context, task models.Task) error {
	advance := func(t models.Transition) (models.Video, error) {
		return b.library.Publisher.Advance(ctx, task.OrganizationID, task.VideoID, t)
	}
	v, err := advance(models.Claim("w", task.Attempt))
	if err != nil {
		return err
	}
	if strings.Contains(v.Title, "bad") {
		_, err = advance(models.Fail(v.Fence, models.Failure{Code: models.CodeCorrupt, Stage: v.Stage, Message: "no"}))
		return err
	}
	for _, stage := range models.Stages {
		if _, err := advance(models.FinishStage(v.Fence, stage, func(*models.Video) {})); err != nil {
			return err
		}
	}
	return nil
}

func TestBatch(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	editor, viewer := token(t, "acme", models.RoleEditor), token(t, "acme", models.RoleViewer)
	big := video(strings.Repeat("x", maxUpload))
	var s models.BatchState
	a := b.batch(editor, nil,
		field{"note", "", "hello"}, field{"files", "a.mp4", video("a")}, field{"files", "empty.mp4", ""}, field{"files", "../text.mp4", "hello"},
		field{"files", "big.mp4", big}, field{"files", "bad b.mp4", video("b")}, field{"files", "", video("unnamed")})
	a.into(t, http.StatusAccepted, &s)
	if s.JobID == "" || s.Status != models.BatchProcessing || s.Total != 6 || s.Processed != 3 || s.Progress != 50 || s.Receiving || s.Cut || s.EtaSeconds != nil ||
		a.Header.Get("Location") != "/batch/"+s.JobID+"/status" {
		t.Errorf("answered %s at %s", a.body, a.Header.Get("Location"))
	}
	var raw map[string]any
	if err := json.Unmarshal(a.body, &raw); err != nil || raw["job_id"] != s.JobID || raw["progress"] != 50.0 || raw["eta_seconds"] != nil {
		t.Errorf("on the wire: %s", a.body)
	}
	want := []models.Rejection{{Index: 1, Name: "empty.mp4", Code: models.CodeEmptyFile}, {Index: 2, Name: "text.mp4", Code: models.CodeUnsupportedMedia}, {Index: 3, Name: "big.mp4", Code: models.CodeTooLarge}}
	if len(s.Rejected) != len(want) || s.RejectedCount != 3 {
		t.Fatalf("rejected %+v", s.Rejected)
	}
	for i, r := range s.Rejected {
		if r.Message == "" || r.Index != want[i].Index || r.Name != want[i].Name || r.Code != want[i].Code {
			t.Errorf("rejected %+v, want %+v", r, want[i])
		}
	}
	if b.count("acme") != 3 || b.files() != 3 {
		t.Errorf("%d videos, %d files", b.count("acme"), b.files())
	}
	var list struct{ Data []models.Document }
	b.do("GET", "/api/videos?limit=100&batch="+s.JobID, viewer, nil).into(t, http.StatusOK, &list)
	if len(list.Data) != 3 || list.Data[0].BatchID == nil || *list.Data[0].BatchID != s.JobID {
		t.Errorf("listed %+v", list.Data)
	}
	b.do("GET", "/api/videos?batch="+s.JobID, token(t, "evil", models.RoleViewer), nil).into(t, http.StatusOK, &list)
	if len(list.Data) != 0 {
		t.Errorf("another organization lists %+v", list.Data)
	}
	tag := b.do("GET", "/batch/"+s.JobID+"/status", viewer, nil).Header.Get("ETag")
	if a := b.do("GET", "/batch/"+s.JobID+"/status", viewer, nil, "If-None-Match", tag); a.StatusCode != http.StatusNotModified {
		t.Errorf("nothing new answers %d", a.StatusCode)
	}

	b.work(t.Context(), 1)
	s = b.status(viewer, s.JobID)
	if s.Status != models.BatchComplete || s.Processed != 6 || s.Progress != 100 || s.EtaSeconds == nil || *s.EtaSeconds != 0 || s.Succeeded != 2 || s.Failed != 1 || s.FinishedAt == nil {
		t.Errorf("at the end: %+v", s)
	}
	// The end stands: a retry and a deletion move the figures only.
	for _, d := range b.videos(s.JobID) {
		if d.Status == models.StatusFailed {
			b.do("POST", "/api/videos/"+d.ID+"/retry", editor, nil).into(t, http.StatusAccepted, nil)
		} else {
			b.do("DELETE", "/api/videos/"+d.ID, editor, nil).into(t, http.StatusNoContent, nil)
		}
	}
	after := b.status(viewer, s.JobID)
	if after.Status != models.BatchComplete || after.Processed != 6 || after.Total != 6 || after.Progress != 100 || after.Retrying != 1 || after.Deleted != 2 || after.Failed != 0 {
		t.Errorf("after a retry and two deletions: %+v", after)
	}
	b.do("POST", "/batch/"+s.JobID+"/cancel", editor, nil).refused(t, http.StatusConflict, models.CodeConflict)
}

// videos returns the documents of a batch of acme.
func (b *bench) videos(batch string) []models.Document {
	b.t.Helper()
	var list struct{ Data []models.Document }
	b.do("GET", "/api/videos?limit=100&batch="+batch, token(b.t, "acme", models.RoleViewer), nil).into(b.t, http.StatusOK, &list)
	return list.Data
}

func TestBatchRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *Config) { c.Limits = limits.New(limits.Settings{UserUploads: 1}, nil) })
	editor := token(t, "acme", models.RoleEditor)
	b.batch(editor, nil).refused(t, http.StatusBadRequest, models.CodeInvalid)
	b.batch(editor, nil, field{"file", "a.mp4", video("a")}).refused(t, http.StatusBadRequest, models.CodeInvalid)
	b.batch(editor, nil, field{"note", "", strings.Repeat("x", maxForm+1)}, field{"files", "a.mp4", video("a")}).refused(t, http.StatusRequestEntityTooLarge, models.CodeTooLarge)
	b.batch(editor, nil, make([]field, maxParts+1)...).refused(t, http.StatusBadRequest, models.CodeInvalid)
	b.batch(editor, []string{"Idempotency-Key", "ü"}, clips(1)...).refused(t, http.StatusBadRequest, models.CodeInvalid)
	b.json("POST", "/batch/upload", editor, "{}").refused(t, http.StatusUnsupportedMediaType, codeMediaType)
	for _, id := range []string{"absent", "a%20b", strings.Repeat("x", 200)} {
		b.do("GET", "/batch/"+id+"/status", editor, nil).refused(t, http.StatusNotFound, models.CodeNotFound)
		b.do("POST", "/batch/"+id+"/cancel", editor, nil).refused(t, http.StatusNotFound, models.CodeNotFound)
	}
	if b.count("acme") != 0 || b.files() != 0 {
		t.Errorf("refusals left %d videos, %d files", b.count("acme"), b.files())
	}
	found, err := b.library.Batches.UnsettledBatches(t.Context(), models.BatchRef{}, 10)
	if err != nil || len(found) != 0 {
		t.Errorf("refusals left batches %+v, %v", found, err)
	}
	var s models.BatchState
	b.batch(editor, nil, field{"files", "a.mp4", "text"}, field{"files", "b.mp4", ""}).into(t, http.StatusAccepted, &s)
	if s.Status != models.BatchFailed || s.Total != 2 || s.Processed != 2 || s.RejectedCount != 2 || s.Progress != 100 {
		t.Errorf("nothing was taken: %+v", s)
	}
}

// A batch takes so many files; more are named, and the first ones stay.
func TestBatchHasABound(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.library.MaxBatch = 3
	var s models.BatchState
	b.batch(token(t, "acme", models.RoleEditor), nil, clips(5)...).into(t, http.StatusAccepted, &s)
	if s.Total != 5 || s.Processed != 2 || len(s.Rejected) != 2 || s.Rejected[0].Code != models.CodeBatchFull || s.Rejected[0].Index != 3 || b.count("acme") != 3 {
		t.Errorf("%+v", s)
	}
	b.batch(token(t, "acme", models.RoleEditor), nil, clips(31)...).refused(t, http.StatusRequestEntityTooLarge, models.CodeBatchFull)
	b.library.Admit = func(context.Context, string) error {
		if n := b.count("acme"); n >= 8 {
			return models.Errorf(models.CodeRateLimited, "Too many wait.").Again(time.Minute)
		}
		return nil
	}
	b.library.MaxBatch = 0
	b.batch(token(t, "acme", models.RoleEditor), nil, clips(4)...).into(t, http.StatusAccepted, &s)
	if s.Total != 4 || s.RejectedCount != 2 || s.Rejected[1].Code != models.CodeRateLimited {
		t.Errorf("the queue is full: %+v", s)
	}
	a := b.batch(token(t, "acme", models.RoleEditor), nil, clips(4)...)
	if a.refused(t, http.StatusTooManyRequests, models.CodeRateLimited); a.Header.Get("Retry-After") != "60" {
		t.Errorf("wait %q", a.Header.Get("Retry-After"))
	}
}

// sending is a batch on its way over a raw connection.
func (b *bench) sending(token, key string, fields ...field) (conn net.Conn, rest []byte) {
	b.t.Helper()
	body, kind := makeForm(b.t, fields...)
	conn, err := net.Dial("tcp", b.Listener.Addr().String())
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { conn.Close() })
	fmt.Fprintf(conn, "POST /batch/upload HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nIdempotency-Key: %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n", token, key, kind, len(body))
	return conn, body
}

// until waits for what must come.
func until(t testing.TB, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(60 * time.Second); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("in vain: ", what)
		}
	}
}

// A request that is cut keeps the files that came before; the same request again
// adds the others, and nothing twice.
func TestBatchCut(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	editor := token(t, "acme", models.RoleEditor)
	fields := clips(10)
	conn, body := b.sending(editor, "once", fields...)
	if _, err := conn.Write(body[:bytes.Index(body, []byte("body 6"))+3]); err != nil {
		t.Fatal(err)
	}
	until(t, "six files", func() bool { return b.count("acme") == 6 })
	id := *b.videos("")[0].BatchID
	s := b.status(editor, id)
	if !s.Receiving || s.Total != 6 || s.Progress != 0 || s.Status != models.BatchProcessing || s.EtaSeconds != nil {
		t.Errorf("under way: %+v", s)
	}
	b.batch(editor, []string{"Idempotency-Key", "once"}, fields...).refused(t, http.StatusConflict, models.CodeConflict)
	conn.Close()
	until(t, "the cut", func() bool { s = b.status(editor, id); return s.Cut })
	if s.Receiving || s.Total != 7 || s.Processed != 1 || len(s.Rejected) != 1 || s.Rejected[0].Index != 6 || s.Rejected[0].Code != models.CodeUploadIncomplete {
		t.Errorf("cut: %+v", s)
	}
	b.work(t.Context(), 1)
	if s = b.status(editor, id); s.Status != models.BatchComplete || s.Succeeded != 6 || !s.Cut {
		t.Errorf("the rest was worked on: %+v", s)
	}
	b.batch(editor, []string{"Idempotency-Key", "once"}, fields...).into(t, http.StatusAccepted, &s)
	if s.JobID != id || s.Total != 10 || s.Processed != 6 || s.Cut || s.Status != models.BatchProcessing || b.count("acme") != 10 || b.files() != 10 {
		t.Errorf("sent again: %+v", s)
	}
	a := b.batch(editor, []string{"Idempotency-Key", "once"}, fields...)
	if a.into(t, http.StatusAccepted, &s); s.JobID != id || s.Total != 10 || a.Header.Get("Idempotent-Replayed") != "true" || b.count("acme") != 10 {
		t.Errorf("and again: %s", a.body)
	}
	// The same key of somebody else is another batch.
	b.batch(token(t, "acme", models.RoleAdmin), []string{"Idempotency-Key", "once"}, fields[:1]...).into(t, http.StatusAccepted, &s)
	if s.JobID == id {
		t.Error("two users share a key")
	}
}

// A form without its end was cut, though the connection lives: the client hears it.
func TestBatchWithoutItsEnd(t *testing.T) {
	t.Parallel()
	body, kind := makeForm(t, clips(3)...)
	for name, c := range map[string]struct {
		body []byte
		kept int
	}{
		"inside a file":        {body[:bytes.LastIndex(body, []byte("\r\n--"))], 2},
		"inside the last line": {bytes.TrimSuffix(body, []byte("--\r\n")), 3},
	} {
		b := newBench(t, nil)
		a := b.do("POST", "/batch/upload", token(t, "acme", models.RoleEditor), bytes.NewReader(c.body), "Content-Type", kind)
		a.refused(t, http.StatusBadRequest, models.CodeUploadIncomplete)
		if id := *b.videos("")[0].BatchID; b.count("acme") != c.kept || !strings.Contains(string(a.body), id) {
			t.Errorf("%s: %d videos; told %s", name, b.count("acme"), a.body)
		}
	}
}

// When the store goes away the request ends, and says so; what was taken stays.
func TestBatchWhileTheStorageIsAway(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	n := 0
	b.library.Admit = func(context.Context, string) error {
		if n++; n > 4 { // one before the first file
			return models.Errorf(models.CodeUnavailable, "The database cannot be reached.").Again(2 * time.Second)
		}
		return nil
	}
	a := b.batch(token(t, "acme", models.RoleEditor), nil, clips(10)...)
	if a.refused(t, http.StatusServiceUnavailable, models.CodeUnavailable); a.Header.Get("Retry-After") != "2" || n != 5 {
		t.Errorf("after %q, %d files", a.Header.Get("Retry-After"), n)
	}
	if s := b.status(token(t, "acme", models.RoleViewer), *b.videos("")[0].BatchID); !s.Cut || s.Total != 4 || s.RejectedCount != 1 {
		t.Errorf("%+v", s)
	}
}
