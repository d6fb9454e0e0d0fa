package library

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"reelroom/models"
	"reelroom/models/modelstest"
	"reelroom/models/record"
	"reelroom/rooms"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is every port of the library in memory. Its hooks stand for what breaks.
type fake struct {
	mu     sync.Mutex
	videos map[string]models.Video // by organization and id
	blobs  map[string][]byte
	tasks  []models.Task
	events []models.Event

	created   func(models.Video) error // after a record was written
	blobError error
	down      map[string]error // by "log", "queue", "get"
}

func newFake() *fake {
	return &fake{videos: map[string]models.Video{}, blobs: map[string][]byte{}, down: map[string]error{}}
}

func (f *fake) library() *Library {
	links := &models.SignedLinks{Base: "http://localhost:5000", Key: bytes.Repeat([]byte("k"), 32)}
	logger := slog.New(slog.DiscardHandler)
	return &Library{
		Store: f, Audit: noTrail{}, Blobs: fakeBlobs{f}, Queue: f, Log: fakeLog{f}, Links: links, MaxUpload: 1 << 20, Logger: logger,
		Publisher: &rooms.Publisher{Videos: f, Log: fakeLog{f}, Links: links, Logger: logger},
	}
}

func at(org, id string) string { return models.Segment(org) + "/" + id }

func (f *fake) Create(_ context.Context, org string, v models.Video) (models.Video, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, taken := f.videos[at(org, v.ID)]; taken {
		return models.Video{}, models.ErrConflict
	}
	v, err := record.First(org, v, time.Now())
	if err != nil {
		return v, err
	}
	if f.created != nil {
		if err := f.created(v); err != nil {
			return models.Video{}, err
		}
	}
	f.videos[at(org, v.ID)] = v
	return v, nil
}

func (f *fake) Get(_ context.Context, org, id string) (models.Video, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	v, ok := f.videos[at(org, id)]
	if err := f.down["get"]; err != nil {
		return models.Video{}, err
	}
	if !ok || v.Status == models.StatusDeleted {
		return models.Video{}, models.ErrNotFound
	}
	return v, nil
}

func (f *fake) List(_ context.Context, org string, page models.Page) (models.VideoPage, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var found []models.Video
	for _, v := range f.videos {
		if v.OrganizationID == org {
			found = append(found, v)
		}
	}
	selection, err := record.Select(page)
	if err != nil {
		return models.VideoPage{}, err
	}
	return selection.Cut(modelstest.Listed(found, page)), nil
}

func (f *fake) Count(_ context.Context, org string) (models.Counts, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var found []models.Video
	for _, v := range f.videos {
		if v.OrganizationID == org {
			found = append(found, v)
		}
	}
	return modelstest.Counted(found), nil
}

func (f *fake) Advance(_ context.Context, org, id string, t models.Transition) (models.Video, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	v, ok := f.videos[at(org, id)]
	if !ok || v.Status == models.StatusDeleted {
		return models.Video{}, models.ErrNotFound
	}
	v, err := record.Step(v, t, time.Now())
	if err == nil {
		f.videos[at(org, id)] = v
	}
	return v, err
}

func (f *fake) Enqueue(_ context.Context, _ string, t models.Task) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.down["queue"]; err != nil {
		return err
	}
	f.tasks = append(f.tasks, t)
	return nil
}

// noTrail is one that nothing has been added to.
type noTrail struct{ models.Audit }

func (noTrail) ListAudit(context.Context, string, models.AuditPage) (models.AuditList, error) {
	return models.AuditList{}, nil
}

// fakeLog keeps events in the order in which they came.
type fakeLog struct{ *fake }

func (f fakeLog) Append(_ context.Context, org string, e models.Event) (rooms.Cursor, bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.down["log"]; err != nil {
		return rooms.Cursor{}, false, err
	}
	for _, seen := range f.events {
		if e.ID != "" && e.ID == seen.ID && !e.Transition && org == seen.OrganizationID {
			return rooms.CursorOf(&seen), false, nil
		}
	}
	e.OrganizationID, e.Epoch, e.Seq = org, "e", uint64(len(f.events)+1)
	f.events = append(f.events, e)
	return rooms.CursorOf(&e), true, nil
}

func (f fakeLog) Place(_ context.Context, org, id string) (rooms.Cursor, bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range f.events {
		if e.ID == id && e.OrganizationID == org {
			return rooms.CursorOf(&e), true, f.down["log"]
		}
	}
	return rooms.Cursor{}, false, f.down["log"]
}

func (f fakeLog) Head(context.Context, string) (rooms.Cursor, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return rooms.Cursor{Epoch: "e", Seq: uint64(len(f.events))}, f.down["log"]
}

func (f fakeLog) After(context.Context, string, rooms.Cursor, int) ([]models.Event, error) {
	return nil, models.ErrReset
}

func (f fakeLog) Progress(_ context.Context, org string, ids ...string) (map[string]models.Event, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	last := map[string]models.Event{}
	for _, e := range f.events {
		if e.OrganizationID == org && e.Name == models.EventProgress && slices.Contains(ids, e.VideoID) {
			last[e.VideoID] = e
		}
	}
	return last, f.down["log"]
}

func (f fakeLog) Follow(ctx context.Context, _ string, _ func(rooms.Cursor), _ func(rooms.Cursor, []models.Event)) error {
	<-ctx.Done()
	return ctx.Err()
}

func (f fakeLog) Ping(context.Context) error { return f.down["log"] }

// fakeBlobs keeps files by organization and key.
type fakeBlobs struct{ *fake }

type fakeWriter struct {
	f       *fake
	name    string
	data    bytes.Buffer
	aborted bool
}

func (f fakeBlobs) Create(_ context.Context, org, key string) (models.BlobWriter, error) {
	return &fakeWriter{f: f.fake, name: at(org, key)}, nil
}

func (w *fakeWriter) Write(p []byte) (int, error) {
	if w.f.blobError != nil {
		return 0, w.f.blobError
	}
	return w.data.Write(p)
}

func (w *fakeWriter) Commit() error {
	w.f.mu.Lock()
	defer w.f.mu.Unlock()
	if !w.aborted {
		w.f.blobs[w.name] = w.data.Bytes()
	}
	return nil
}

func (w *fakeWriter) Abort() { w.aborted = true }

type fakeBlob struct{ *bytes.Reader }

func (fakeBlob) Close() error       { return nil }
func (fakeBlob) ModTime() time.Time { return time.Time{} }

func (f fakeBlobs) Open(_ context.Context, org, key string) (models.Blob, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	data, ok := f.blobs[at(org, key)]
	if !ok {
		return nil, models.ErrNotFound
	}
	return fakeBlob{bytes.NewReader(data)}, nil
}

func (f fakeBlobs) Local(context.Context, string, string) (string, func(), error) {
	return "", nil, models.ErrNotFound
}

func (f fakeBlobs) Delete(_ context.Context, org, prefix string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for name := range f.blobs {
		if name == at(org, prefix) || strings.HasPrefix(name, at(org, prefix)+"/") {
			delete(f.blobs, name)
		}
	}
	return nil
}

func (f fakeBlobs) Ping(context.Context) error { return nil }

// mp4 is the beginning of a file that passes the door.
func mp4(body string) io.Reader {
	return strings.NewReader("\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp41" + body)
}

var (
	editor  = models.Identity{UserID: "ann", OrganizationID: "acme", Role: models.RoleEditor}
	viewer  = models.Identity{UserID: "vic", OrganizationID: "acme", Role: models.RoleViewer}
	service = models.Identity{UserID: "bot", OrganizationID: "acme", Role: models.RoleService}
	admin   = models.Identity{UserID: "amy", OrganizationID: "acme", Role: models.RoleAdmin}
	foreign = models.Identity{UserID: "eve", OrganizationID: "evil", Role: models.RoleAdmin}
)
