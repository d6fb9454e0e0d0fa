package pipeline

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
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
	"reelroom/worker/classifier"
)

// What may pass is tried again, what lies in the video is not, and nothing
// without a code is told to people.
func TestTroubleOf(t *testing.T) {
	t.Parallel()
	path := func(err error) error { return &fs.PathError{Op: "write", Path: "/srv/secret/x", Err: err} }
	for name, test := range map[string]struct {
		err   error
		code  models.Code
		again bool
	}{
		"a code":             {models.Errorf(models.CodeCorrupt, "Broken."), models.CodeCorrupt, false},
		"a code that passes": {models.Errorf(models.CodeInternal, "Killed.").Again(0), models.CodeInternal, true},
		"wrapped":            {fmt.Errorf("x: %w", models.Errorf(models.CodeTimeout, "Long.")), models.CodeTimeout, false},
		"full":               {models.Errorf(models.CodeStorageFull, "Full."), models.CodeStorageFull, true},
		"store away":         {models.Errorf(models.CodeUnavailable, "Away.").Again(time.Second), models.CodeUnavailable, true},
		"a file of ours":     {models.ErrNotFound, models.CodeInternal, true},
		"disk full":          {path(syscall.ENOSPC), models.CodeStorageFull, true},
		"quota":              {path(syscall.EDQUOT), models.CodeStorageFull, true},
		"too many files":     {path(syscall.EMFILE), models.CodeResource, true},
		"no memory":          {&os.SyscallError{Syscall: "fork", Err: syscall.ENOMEM}, models.CodeResource, true},
		"bad disk":           {path(syscall.EIO), models.CodeUnavailable, true},
		"no answer":          {&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, models.CodeUnavailable, true},
		"cut off":            {fmt.Errorf("get: %w", io.ErrUnexpectedEOF), models.CodeUnavailable, true},
		"late":               {fmt.Errorf("get: %w", context.DeadlineExceeded), models.CodeUnavailable, true},
		"a mistake":          {errors.New("index out of range in /srv/secret"), models.CodeInternal, false},
		"forbidden":          {path(syscall.EACCES), models.CodeInternal, false},
	} {
		e := troubleOf(test.err)
		if e.Code != test.code || e.Retry != test.again || e.Message == "" || strings.Contains(e.Message, "secret") {
			t.Errorf("%s: %+v", name, e)
		}
		if cause := e.Cause; cause == nil && e.Code != models.CodeOf(test.err) {
			t.Errorf("%s: the cause is lost", name)
		}
	}
}

// lines is a log of JSON lines.
type lines struct{ testenv.Buffer }

// of returns the records of a message.
func (l *lines) of(t *testing.T, msg string) (found []map[string]any) {
	t.Helper()
	for line := range strings.Lines(l.String()) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatal(err)
		}
		if m["msg"] == msg {
			found = append(found, m)
		}
	}
	return found
}

func (p *Pipeline) logged() *lines {
	l := &lines{}
	p.Logger = slog.New(slog.NewJSONHandler(l, nil))
	return l
}

// The log has what people are not told: the tool, how it ended, its last lines.
func TestToolsLastLinesAreLogged(t *testing.T) {
	t.Parallel()
	p := tooled(t)
	log := p.logged()
	path := filepath.Join(t.TempDir(), "x.mp4")
	if err := os.WriteFile(path, append([]byte("\x00\x00\x00\x10ftypisom\x00\x00\x00\x00"), bytes.Repeat([]byte("no video at all "), 999)...), 0o600); err != nil {
		t.Fatal(err)
	}
	v := p.upload(t, "bad", path)
	if err := p.Process(t.Context(), models.TaskOf(&v)); err != nil {
		t.Fatal(err)
	}
	v, err := p.Videos.Get(t.Context(), "acme", "bad")
	if err != nil || v.Status != models.StatusFailed || v.Failure.Stage != models.StageMetadata {
		t.Fatalf("%s %+v, %v", v.Status, v.Failure, err)
	}
	found := log.of(t, "stage failed")
	if len(found) != 1 {
		t.Fatalf("logged: %v", found)
	}
	tool, _ := found[0]["tool"].(map[string]any)
	said, _ := tool["lines"].([]any)
	if found[0]["code"] != string(v.Failure.Code) || found[0]["stage"] != "metadata" || found[0]["video"] != "bad" || found[0]["again"] != false ||
		tool["name"] != "ffprobe" || tool["end"] != "exit code 1" || len(said) == 0 {
		t.Errorf("logged: %v", found[0])
	}
}

// shaky fails as often as it is told to.
type shaky struct {
	classifier.Classifier
	mu   sync.Mutex
	fail []error
}

func (s *shaky) Classify(ctx context.Context, rgb []byte) (classifier.Scores, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.fail) > 0 {
		err := s.fail[0]
		s.fail = s.fail[1:]
		return classifier.Scores{}, err
	}
	return s.Classifier.Classify(ctx, rgb)
}

// Trouble that may pass puts the video off, which is seen, and then it goes on
// with the stage; a failure ends the attempt, and a retry goes on with that
// stage too, or with the first one if that is asked. No finished stage is done
// again.
func TestWorkGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	p := tooled(t)
	log := p.logged()
	p.Classifier = &shaky{Classifier: p.Classifier, fail: []error{
		models.Errorf(models.CodeUnavailable, "The model is away.").Again(0), models.Errorf(models.CodeResource, "Too large."),
	}}
	v := p.upload(t, "v1", recipes(1)[0].make(t, testenv.Program(t, "ffmpeg"), t.TempDir()))
	advance := func(change models.Transition) {
		t.Helper()
		var err error
		if v, err = p.Publisher.Advance(t.Context(), "acme", "v1", change); err != nil {
			t.Fatal(err)
		}
	}
	process := func(want models.Status, finished ...models.Stage) {
		t.Helper()
		before := len(log.of(t, "stage finished"))
		if err := p.Process(t.Context(), models.TaskOf(&v)); err != nil && !errors.Is(err, models.ErrLeased) {
			t.Fatal(err)
		}
		var err error
		if v, err = p.Videos.Get(t.Context(), "acme", "v1"); err != nil || v.Status != want {
			t.Fatalf("%s %+v, %v", v.Status, v.Failure, err)
		}
		var got []models.Stage
		for _, m := range log.of(t, "stage finished")[before:] {
			got = append(got, models.Stage(m["stage"].(string)))
		}
		if !slices.Equal(got, finished) {
			t.Fatalf("finished %v, want %v", got, finished)
		}
	}
	process(models.StatusProcessing, models.StageMetadata, models.StageThumbnail)
	if v.Delays != 1 || v.RetryAt().IsZero() || v.Trouble == nil || v.Trouble.Message != "The model is away." || v.Unpublished() {
		t.Errorf("put off: %+v", v)
	}
	last, err := p.Log.Progress(t.Context(), "acme", "v1")
	if e := last["v1"]; err != nil || !e.Transition || !bytes.Contains(e.Payload, []byte(`"message":"Trouble that may pass: The model is away. Trying again in 5 s."`)) || !bytes.Contains(e.Payload, []byte(`"retry":1`)) {
		t.Errorf("the last that is shown: %s, %v", e.Payload, err)
	}
	process(models.StatusProcessing) // too early
	advance(lapsed)
	process(models.StatusFailed)
	if v.Failure.Code != models.CodeResource || v.Failure.Stage != models.StageSensitivity || v.Attempt != 1 {
		t.Errorf("failed: %+v", v.Failure)
	}
	advance(models.Retry(false))
	process(models.StatusCompleted, models.StageSensitivity)
	if v.Attempt != 2 || v.Metadata == nil || v.Thumbnail == nil || v.Sensitivity == nil {
		t.Errorf("completed: %+v", v)
	}
	advance(func(v *models.Video, now time.Time) error { // so that there is something to retry
		v.Status, v.Stage = models.StatusFailed, models.StageSensitivity
		return nil
	})
	advance(models.Retry(true))
	process(models.StatusCompleted, models.Stages...)
}

// A video that is put off again and again fails at last with the code.
func TestPutOffEndsWithTheCode(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	p.WorkDir = filepath.Join(t.TempDir(), "file", "below")
	if err := os.WriteFile(filepath.Dir(p.WorkDir), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "x.mp4")
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	v := p.upload(t, "full", path)
	for n := 0; n <= models.MaxDelays; n++ {
		if v.Status.Terminal() || v.Delays != n {
			t.Fatalf("after %d: %s, put off %d times", n, v.Status, v.Delays)
		}
		if err := p.Process(t.Context(), models.TaskOf(&v)); err != nil {
			t.Fatal(err)
		}
		var err error
		if v, err = p.Videos.Advance(t.Context(), "acme", "full", lapsed); err != nil {
			t.Fatal(err)
		}
	}
	if v.Status != models.StatusFailed || v.Failure.Code != models.CodeStorageFull || v.Unpublished() || len(v.Lapses) != 0 {
		t.Errorf("%s %+v", v.Status, v.Failure)
	}
}

// A stall may be the machine's: the first is tried again, the second is final.
func TestFirstStallIsTriedAgain(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	stalled := models.Errorf(models.CodeStalled, "Stalled.")
	for n, want := range []models.Status{models.StatusProcessing, models.StatusFailed} {
		blobs := &blockedBlobs{Blobs: p.Blobs, begun: make(chan struct{}), end: make(chan error, 1)}
		blobs.end <- stalled
		p.Blobs = blobs
		if err := p.Process(t.Context(), models.Task{OrganizationID: "acme", VideoID: "v", Attempt: 1}); err != nil {
			t.Fatal(err)
		}
		v := p.must(t, lapsed)
		if v.Status != want || v.Delays != 1 {
			t.Errorf("after stall %d: %s, put off %d times", n+1, v.Status, v.Delays)
		}
	}
	if v, err := p.Videos.Get(t.Context(), "acme", "v"); err != nil || v.Failure == nil || v.Failure.Code != models.CodeStalled {
		t.Errorf("%+v, %v", v.Failure, err)
	}
}
