package ffmpeg

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"reelroom/models"
)

func TestOpenSaysWhatItTook(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, tools *Tools) {
		said, err := tools.ask(t.Context(), "ffmpeg", "-version")
		if err != nil {
			t.Fatal(err)
		}
		version, _ := parseVersion(said)
		t.Log(tools.Describe())
		if d := tools.Describe(); !strings.HasPrefix(d, "ffmpeg "+version+" (") {
			t.Errorf("%q, but it says %q", d, version)
		}
	})
}

func TestOpenRefusesWhatIsNoFFmpeg(t *testing.T) {
	t.Parallel()
	broken := filepath.Join(t.TempDir(), "ffmpeg")
	if err := os.WriteFile(broken, []byte("#!/bin/sh\necho hello\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{broken, filepath.Join(t.TempDir(), "ffmpeg")} {
		_, err := Open(t.Context(), Options{Path: path})
		wantCode(t, err, models.CodeToolMissing)
		if e := asError(err); e == nil || strings.Contains(e.Message, path) {
			t.Errorf("%v", err)
		}
	}
}

// An empty cache is filled once, while those who wait hear of it, and whoever
// gives up leaves the work to the next.
func TestPrepareOnceAndAloud(t *testing.T) {
	t.Parallel()
	if !embeddedBuilt {
		t.Skip("skipped: built with the tag noffmpeg")
	}
	if testing.Short() {
		t.Skip("skipped: compiling takes seconds")
	}
	var beats, dones atomic.Int64
	tools, err := Open(t.Context(), Options{Path: Embedded, CacheDir: t.TempDir(), Progress: func(done bool, _ time.Duration, message string) {
		beats.Add(1)
		if done {
			dones.Add(1)
		}
		if message == "" {
			t.Error("no message")
		}
	}})
	if err == nil {
		err = tools.withoutRace()
	}
	if err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(t.Context(), 700*time.Millisecond)
	defer cancel()
	if err := tools.Prepare(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("%v", err)
	}
	began := time.Now()
	var calls sync.WaitGroup
	for range 3 {
		calls.Go(func() {
			if err := tools.Prepare(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	calls.Wait()
	if spent := time.Since(began); dones.Load() != 1 || beats.Load() < int64(spent/time.Second)/2 {
		t.Errorf("%d reports, %d of them done, in %v", beats.Load(), dones.Load(), spent)
	}
}
