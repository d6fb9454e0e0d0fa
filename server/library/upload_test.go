package library

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/iotest"

	"reelroom/models"
)

func TestUploadKeepsTheFileThenTheRecordThenTheTask(t *testing.T) {
	t.Parallel()
	f := newFake()
	l := f.library()
	body := "\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp41" + strings.Repeat("x", 600_000)
	d, repeated, err := l.Upload(t.Context(), editor, Upload{FileName: "C:\\videos\\My trip.mp4", Body: iotest.HalfReader(strings.NewReader(body))})
	if err != nil || repeated {
		t.Fatal(d, repeated, err)
	}
	sum := sha256.Sum256([]byte(body))
	if d.Title != "My trip" || d.FileName != "My trip.mp4" || d.Size != int64(len(body)) || d.SHA256 != hex.EncodeToString(sum[:]) ||
		d.MediaType != "video/mp4" || d.Status != models.StatusQueued || d.UploadedBy != "ann" || d.OrganizationID != "acme" {
		t.Errorf("the document is %+v", d)
	}
	if len(f.tasks) != 1 || f.tasks[0].VideoID != d.ID || len(f.events) != 1 || f.events[0].Name != models.EventQueued {
		t.Errorf("tasks %v, events %v", f.tasks, f.events)
	}
	file, err := l.Media(t.Context(), viewer, d.ID)
	if err != nil {
		t.Fatal(err)
	}
	c, err := file.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if kept, err := io.ReadAll(c); err != nil || string(kept) != body {
		t.Error("the kept file differs", err)
	}
}

func TestUploadRefused(t *testing.T) {
	t.Parallel()
	full := fmt.Errorf("write: %w", syscall.ENOSPC)
	for name, c := range map[string]struct {
		who   models.Identity
		u     Upload
		blobs error
		code  models.Code
	}{
		"viewer":          {viewer, Upload{Body: mp4("")}, nil, models.CodeForbidden},
		"service":         {service, Upload{Body: mp4("")}, nil, models.CodeForbidden},
		"no identity":     {models.Identity{}, Upload{Body: mp4("")}, nil, models.CodeForbidden},
		"empty":           {editor, Upload{Body: strings.NewReader("")}, nil, models.CodeEmptyFile},
		"text":            {editor, Upload{FileName: "x.mp4", Body: strings.NewReader("hello, world")}, nil, models.CodeUnsupportedMedia},
		"too large":       {editor, Upload{Body: mp4(strings.Repeat("x", 1<<20))}, nil, models.CodeTooLarge},
		"cut at once":     {editor, Upload{Body: iotest.ErrReader(io.ErrUnexpectedEOF)}, nil, models.CodeUploadIncomplete},
		"cut":             {editor, Upload{Body: io.MultiReader(mp4(strings.Repeat("x", 9000)), iotest.ErrReader(errors.New("reset by peer")))}, nil, models.CodeUploadIncomplete},
		"cut in the head": {editor, Upload{Body: io.MultiReader(mp4(""), iotest.ErrReader(io.ErrUnexpectedEOF))}, nil, models.CodeUploadIncomplete},
		"reader knows":    {editor, Upload{Body: io.MultiReader(mp4(""), iotest.ErrReader(models.Errorf(models.CodeTooLarge, "no")))}, nil, models.CodeTooLarge},
		"cut after it":    {editor, Upload{Body: mp4("x"), Title: func() (string, error) { return "", io.ErrUnexpectedEOF }}, nil, models.CodeUploadIncomplete},
		"disk full":       {editor, Upload{Body: mp4("x")}, full, models.CodeStorageFull},
		"bad key":         {editor, Upload{Body: mp4("x"), Key: "a\nb"}, nil, models.CodeInvalid},
		"long key":        {editor, Upload{Body: mp4("x"), Key: strings.Repeat("k", 256)}, nil, models.CodeInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake()
			f.blobError = c.blobs
			_, _, err := f.library().Upload(t.Context(), c.who, c.u)
			if models.CodeOf(err) != c.code {
				t.Errorf("got %v, want %s", err, c.code)
			}
			if len(f.blobs)+len(f.videos)+len(f.tasks)+len(f.events) > 0 {
				t.Errorf("something was left behind: %v %v %v", f.blobs, f.videos, f.tasks)
			}
		})
	}
}

func TestUploadStandsWithoutQueueAndLog(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.down["queue"], f.down["log"] = errors.New("no redis"), errors.New("no redis")
	l := f.library()
	d, _, err := l.Upload(t.Context(), editor, Upload{FileName: "a.mp4", Body: mp4("")})
	if err != nil {
		t.Fatal(err)
	}
	if v := f.videos[at("acme", d.ID)]; !v.Unpublished() || v.Status != models.StatusQueued {
		t.Errorf("the reconciler would not find %+v", v)
	}
	list, err := l.List(t.Context(), viewer, models.Page{})
	if err != nil || len(list.Data) != 1 || list.Cursor != "" {
		t.Errorf("the list without a log: %+v, %v", list, err)
	}
}

func TestUploadWhoseRecordFailed(t *testing.T) {
	t.Parallel()
	unavailable := models.Errorf(models.CodeUnavailable, "away").Again(0)
	t.Run("nothing written", func(t *testing.T) {
		t.Parallel()
		f := newFake()
		f.created = func(models.Video) error { return unavailable }
		if _, _, err := f.library().Upload(t.Context(), editor, Upload{Body: mp4("")}); models.CodeOf(err) != models.CodeUnavailable {
			t.Error(err)
		}
		if len(f.blobs) != 0 {
			t.Error("the file was left behind")
		}
	})
	t.Run("written, answer lost", func(t *testing.T) {
		t.Parallel()
		f := newFake()
		f.created = func(v models.Video) error { f.videos[at("acme", v.ID)] = v; return unavailable }
		if _, repeated, err := f.library().Upload(t.Context(), editor, Upload{Body: mp4("")}); err != nil || repeated {
			t.Error(repeated, err)
		}
		if len(f.blobs) != 1 || len(f.tasks) != 1 {
			t.Error("the file of a record was removed, or its work forgotten")
		}
	})
	t.Run("nobody knows", func(t *testing.T) {
		t.Parallel()
		f := newFake()
		f.created = func(models.Video) error { f.down["get"] = unavailable; return unavailable }
		if _, _, err := f.library().Upload(t.Context(), editor, Upload{Body: mp4("")}); models.CodeOf(err) != models.CodeUnavailable {
			t.Error(err)
		}
		if len(f.blobs) != 1 {
			t.Error("a file was removed of which a record may speak")
		}
	})
}

func TestIdempotencyKeyMakesOneVideo(t *testing.T) {
	t.Parallel()
	f := newFake()
	l := f.library()
	first, repeated, err := l.Upload(t.Context(), editor, Upload{Body: mp4("one"), Key: "k"})
	if err != nil || repeated {
		t.Fatal(repeated, err)
	}
	again, repeated, err := l.Upload(t.Context(), editor, Upload{Body: iotest.ErrReader(io.EOF), Key: "k"})
	if err != nil || !repeated || again.ID != first.ID || again.SHA256 != first.SHA256 {
		t.Error("the repetition:", again.ID, repeated, err)
	}
	other, _, err := l.Upload(t.Context(), admin, Upload{Body: mp4("one"), Key: "k"})
	if err != nil || other.ID == first.ID {
		t.Error("another user's key is the same video:", err)
	}
	if err := l.Delete(t.Context(), editor, first.ID); err != nil {
		t.Fatal(err)
	}
	before := len(f.blobs)
	if _, _, err := l.Upload(t.Context(), editor, Upload{Body: mp4("two"), Key: "k"}); models.CodeOf(err) != models.CodeConflict {
		t.Error("a key whose video was deleted:", err)
	}
	if len(f.blobs) != before {
		t.Error("the refused file was left behind")
	}
}

func TestIdempotencyKeyUnderConcurrency(t *testing.T) {
	t.Parallel()
	f := newFake()
	l := f.library()
	const n = 8
	var all sync.WaitGroup
	ready := make(chan struct{}, n)
	start := make(chan struct{})
	ids, fresh := make([]string, n), make([]bool, n)
	for i := range n {
		all.Go(func() {
			// The title is asked for when the body was read: all are past the
			// first look for the key by then.
			title := func() (string, error) { ready <- struct{}{}; <-start; return "", nil }
			d, repeated, err := l.Upload(t.Context(), editor, Upload{Body: mp4(fmt.Sprint(i)), Key: "k", Title: title})
			if err != nil {
				t.Error(err)
			}
			ids[i], fresh[i] = d.ID, !repeated
		})
	}
	for range n {
		<-ready
	}
	close(start)
	all.Wait()
	winners := 0
	for i := range n {
		if ids[i] != ids[0] {
			t.Error("two videos:", ids[i], ids[0])
		}
		if fresh[i] {
			winners++
		}
	}
	if winners != 1 || len(f.videos) != 1 || len(f.blobs) != 1 || len(f.tasks) != 1 {
		t.Errorf("%d winners, %d videos, %d files, %d tasks", winners, len(f.videos), len(f.blobs), len(f.tasks))
	}
	for _, v := range f.videos {
		if _, err := (fakeBlobs{f}).Open(t.Context(), "acme", v.File.Key); err != nil {
			t.Error("the record's own file was removed")
		}
	}
}
