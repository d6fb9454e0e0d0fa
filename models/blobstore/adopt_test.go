package blobstore

import (
	"os"
	"path/filepath"
	"testing"

	"reelroom/models"
	"reelroom/models/modelstest"
)

// A file that is adopted is the blob: it is not copied, and stays when its first
// name goes. What is no plain file, or on another disk, is refused and leaves
// nothing.
func TestAdopt(t *testing.T) {
	t.Parallel()
	parts, dir := t.TempDir(), t.TempDir()
	s := open(t, dir)
	if !s.Adopts(parts) {
		t.Fatal("a folder beside it cannot be adopted from")
	}
	path := filepath.Join(parts, "whole")
	if err := os.WriteFile(path, []byte("the file"), 0o600); err != nil {
		t.Fatal(err)
	}
	written, _ := os.Stat(path)
	if err := s.Adopt(t.Context(), "acme", "videos/v/n/source", path); err != nil {
		t.Fatal(err)
	}
	blob, err := os.Stat(filepath.Join(dir, "acme/videos/v/n/source"))
	if err != nil || !os.SameFile(blob, written) {
		t.Fatalf("the blob is another file: %v, %v", blob, err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	b, err := s.Open(t.Context(), "acme", "videos/v/n/source")
	if err != nil || b.Size() != 8 {
		t.Fatalf("after its first name went: %v, %v", b, err)
	}
	_ = b.Close()
	for name, make := range map[string]func(string) error{
		"link":   func(at string) error { return os.Symlink("/etc/hostname", at) },
		"folder": func(at string) error { return os.Mkdir(at, 0o700) },
		"absent": func(string) error { return nil },
	} {
		at := filepath.Join(parts, name)
		if err := make(at); err != nil {
			t.Fatal(err)
		}
		if err := s.Adopt(t.Context(), "acme", "videos/w/n/source", at); err == nil {
			t.Errorf("%s was adopted", name)
		}
	}
	if err := s.Adopt(t.Context(), "acme", "../x", path); models.CodeOf(err) != models.CodeInvalid {
		t.Errorf("a key that is none: %v", err)
	}
	if disk, ok := modelstest.SmallDisk(t, 1<<20); ok && s.Adopts(disk) {
		t.Error("another disk can be adopted from")
	}
	if left := files(t, dir); len(left) != 1 {
		t.Errorf("left: %v", left)
	}
	if left := files(t, parts); len(left) != 1 { // the link
		t.Errorf("left among the parts: %v", left)
	}
}
