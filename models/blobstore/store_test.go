package blobstore

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"reelroom/models"
	"reelroom/models/modelstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t testing.TB, dir string) *Store {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestBlobs(t *testing.T) {
	modelstest.TestBlobs(t, func(t testing.TB) models.BlobKeeping { return open(t, filepath.Join(t.TempDir(), "new", "blobs")) })
}

// files lists every file below dir.
func files(t testing.TB, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			name, _ := filepath.Rel(dir, path)
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestNothingIsLeftOfWhatWasNotCommitted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	w, err := s.Create(t.Context(), "acme", "videos/v/source")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, "half"); err != nil {
		t.Fatal(err)
	}
	w.Abort()
	if err := s.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left := files(t, dir); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

func TestOnlyTheOwnerMayRead(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "blobs")
	s := open(t, dir)
	w, err := s.Create(t.Context(), "acme", "videos/v/source")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]fs.FileMode{
		"": 0o700, unfinished: 0o700, "acme": 0o700, "acme/videos/v": 0o700, "acme/videos/v/source": 0o600,
	} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%q: %v, %v", name, info.Mode().Perm(), err)
		}
	}
}

// A dead process's leftovers go at the next start; a living one's stay.
func TestSweep(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	alive, err := s.Create(t.Context(), "acme", "alive")
	if err != nil {
		t.Fatal(err)
	}
	before := time.Now().Add(-time.Hour)
	if err := os.Chtimes(filepath.Join(dir, alive.(*writer).name), before, before); err != nil {
		t.Fatal(err)
	}
	for name, when := range map[string]time.Time{"dead": before, "young": time.Now().Add(time.Hour), removedPrefix + "x": time.Now()} {
		path := filepath.Join(dir, unfinished, name)
		if err := errors.Join(os.WriteFile(path, []byte("x"), 0o600), os.Chtimes(path, when, when)); err != nil {
			t.Fatal(err)
		}
	}
	open(t, dir)
	left := strings.Join(files(t, dir), " ")
	if len(files(t, dir)) != 2 || !strings.Contains(left, "young") || !strings.Contains(left, alive.(*writer).name) {
		t.Errorf("left: %v", left)
	}
	if err := alive.Commit(); err != nil {
		t.Errorf("the living one's commit: %v", err)
	}
}

// Somebody who can write into the folder still cannot lead the store out.
func TestNoLinkLeadsOut(t *testing.T) {
	t.Parallel()
	outside, dir := t.TempDir(), t.TempDir()
	secret := filepath.Join(outside, "secret")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, dir)
	if err := errors.Join(os.Mkdir(filepath.Join(dir, "acme"), 0o700), os.Symlink(outside, filepath.Join(dir, "acme", "folder")),
		os.Symlink(secret, filepath.Join(dir, "acme", "file"))); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"file", "folder/secret", "folder"} {
		if _, err := s.Open(t.Context(), "acme", key); err == nil {
			t.Errorf("%s was opened", key)
		}
		if path, _, err := s.Local(t.Context(), "acme", key); err == nil {
			t.Errorf("%s is %s", key, path)
		}
	}
	if w, err := s.Create(t.Context(), "acme", "folder/new"); err == nil {
		if err := w.Commit(); err == nil {
			t.Error("a blob was written outside")
		}
	}
	if err := s.Delete(t.Context(), "acme", "folder"); err != nil {
		t.Errorf("delete of the link: %v", err)
	}
	if left := files(t, outside); len(left) != 1 {
		t.Errorf("outside there is now %v", left)
	}
}

// Of a deleted blob not even its empty folders are left.
func TestDeleteLeavesNoFolders(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	for _, key := range []string{"videos/v/n/source", "videos/w/n/source"} {
		w, err := s.Create(t.Context(), "acme", key)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Commit(); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ prefix, gone, stays string }{
		{"videos/v/n", "acme/videos/v", "acme/videos/w/n/source"}, {"videos/w/n", "acme", unfinished},
	} {
		if err := s.Delete(t.Context(), "acme", c.prefix); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(dir, c.gone)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", c.gone, err)
		}
		if _, err := os.Stat(filepath.Join(dir, c.stays)); err != nil {
			t.Errorf("%s: %v", c.stays, err)
		}
	}
}
