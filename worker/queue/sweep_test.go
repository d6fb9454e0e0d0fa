package queue

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/models/blobstore"
)

// attic is a sweeper over a rig, with files of a given age.
type attic struct {
	*rig
	*Sweeper
	dir string
}

func newAttic(t *testing.T) *attic {
	t.Helper()
	r, dir := newRig(t), t.TempDir()
	blobs, err := blobstore.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = blobs.Close() })
	r.Reconciler.Blobs = blobs
	return &attic{r, &Sweeper{Store: r.Reconciler.Store, Blobs: blobs, Redis: r.redis, Logger: quiet, again: time.Millisecond}, dir}
}

// keep writes a blob of 10 bytes that was written so long ago.
func (a *attic) keep(t *testing.T, key string, age time.Duration) {
	t.Helper()
	w, err := a.Sweeper.Blobs.Create(t.Context(), "acme", key)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("0123456789")); err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	when := time.Now().Add(-age)
	if err := os.Chtimes(filepath.Join(a.dir, "acme", key), when, when); err != nil {
		t.Fatal(err)
	}
}

func (a *attic) has(t *testing.T, key string) bool {
	t.Helper()
	r, err := a.Sweeper.Blobs.Open(t.Context(), "acme", key)
	if err == nil {
		r.Close()
	} else if !errors.Is(err, models.ErrNotFound) {
		t.Fatal(err)
	}
	return err == nil
}

// record makes a video whose file is in the folder of that nonce.
func (a *attic) record(t *testing.T, id, nonce string) {
	t.Helper()
	_, err := a.Sweeper.Store.(models.Store).Create(t.Context(), "acme",
		models.Video{ID: id, OrganizationID: "acme", Title: id, File: models.File{Key: models.SourceKey(id, nonce)}})
	if err != nil {
		t.Fatal(err)
	}
}

const old, young = 2 * strayAfter, strayAfter / 2

func TestSweepRemovesWhatNoRecordNames(t *testing.T) {
	t.Parallel()
	a := newAttic(t)
	a.record(t, "lives", "n")
	a.record(t, "again", "new") // its id was of another upload before
	a.record(t, "deleted", "n")
	a.advance(t, "deleted", models.Delete())
	stays := map[string]bool{
		"videos/lives/n/source": true, "videos/lives/n/thumbnail-1.webp": true, "videos/lives/n/evidence/1.webp": true,
		"videos/again/new/source": true, "videos/again/old/source": false, "videos/again/old/thumbnail-1.webp": false,
		"videos/deleted/n/thumbnail-1.webp": false,
		"videos/never/n/source":             false, "other/thing": true, "videos/short": true,
	}
	for key := range stays {
		a.keep(t, key, old)
	}
	a.keep(t, "videos/upload/n/source", young)
	a.keep(t, "videos/working/n/source", old)
	a.keep(t, "videos/working/n/thumbnail-1.webp", young) // somebody still writes there
	stays["videos/upload/n/source"], stays["videos/working/n/source"] = true, true
	for range 2 { // again finds nothing
		if err := a.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for key, want := range stays {
		if got := a.has(t, key); got != want {
			t.Errorf("%s is there: %v, want %v", key, got, want)
		}
	}
	if got := a.Removed(); got != (models.Removed{Count: 4, Bytes: 40}) {
		t.Errorf("removed %+v", got)
	}
}

// late is a store in which a record appears between the two looks.
type late struct {
	models.Store
	looked func()
}

func (l late) Get(ctx context.Context, org, id string) (models.Video, error) {
	v, err := l.Store.Get(ctx, org, id)
	l.looked()
	return v, err
}

func TestSweepSparesARecordThatComesLate(t *testing.T) {
	t.Parallel()
	a := newAttic(t)
	a.keep(t, "videos/late/n/source", old)
	looks := 0
	store := a.Sweeper.Store.(models.Store)
	sweeper := &Sweeper{Store: late{store, func() {
		if looks++; looks == 1 {
			a.record(t, "late", "n")
		}
	}}, Blobs: a.Sweeper.Blobs, Redis: a.redis, Logger: quiet, again: time.Millisecond}
	if err := sweeper.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !a.has(t, "videos/late/n/source") || looks != 2 {
		t.Errorf("the file of a record that came late is gone, after %d looks", looks)
	}
}

// away is a store that does not answer.
type away struct{ models.Store }

func (away) Get(context.Context, string, string) (models.Video, error) {
	return models.Video{}, models.Errorf(models.CodeUnavailable, "away").Again(time.Second)
}

func TestSweepRemovesNothingWhileTheStoreIsAway(t *testing.T) {
	t.Parallel()
	a := newAttic(t)
	a.keep(t, "videos/v/n/source", old)
	a.Sweeper.Store = away{}
	if err := a.Sweep(t.Context()); models.CodeOf(err) != models.CodeUnavailable {
		t.Errorf("got %v", err)
	}
	if !a.has(t, "videos/v/n/source") {
		t.Error("the file is gone")
	}
}

// Most files without a record: that is the wrong database, not so many strays.
func TestSweepDoubtsADatabaseThatKnowsHardlyAnything(t *testing.T) {
	t.Parallel()
	a := newAttic(t)
	for i := range doubtful + 1 {
		a.keep(t, fmt.Sprintf("videos/v%d/n/source", i), old)
	}
	if err := a.Sweep(t.Context()); err == nil || a.Removed().Count != 0 {
		t.Errorf("removed %+v, %v", a.Removed(), err)
	}
	if !a.has(t, "videos/v0/n/source") {
		t.Error("a file is gone")
	}
}

func TestOneProcessSweepsAtATime(t *testing.T) {
	t.Parallel()
	a := newAttic(t)
	other := &Sweeper{Redis: a.redis}
	if !a.turn(t.Context()) || other.turn(t.Context()) || a.turn(t.Context()) {
		t.Error("the turn was given to other than one")
	}
	_ = a.redis.Close()
	if other.turn(t.Context()) {
		t.Error("a turn without Redis")
	}
}

func TestSweeperStopsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := newAttic(t).Sweeper.Run(ctx); err != nil {
		t.Error(err)
	}
}
