package models

import (
	"path"
	"strings"
	"testing"
)

// No key leads out of its organization's folder, and no two meet in one file.
func FuzzBlobPath(f *testing.F) {
	for _, key := range []string{"k", "a/b", "../x", "a/../b", ".x", "a//b", "a\x00", `a\b`, strings.Repeat("a/", 300)} {
		f.Add("acme", key, "globex", key)
	}
	f.Add("a", "b/c", "a/b", "c")
	f.Add("..", "x", ".", "x")
	f.Add(strings.Repeat("é", 64), "x", strings.Repeat("è", 64), "x")
	f.Fuzz(func(t *testing.T, org, key, otherOrg, otherKey string) {
		name, err := BlobPath(org, key)
		if err != nil {
			if CodeOf(err) != CodeInvalid || name != "" {
				t.Errorf("%q/%q: %q, %v", org, key, name, err)
			}
			return
		}
		folder, rest, _ := strings.Cut(name, "/")
		if strings.Contains("/"+name+"/", "/../") || rest != key || strings.HasPrefix(folder, ".") || len(folder) > 255 || path.Clean(name) != name {
			t.Errorf("%q/%q is kept in %q", org, key, name)
		}
		if back, same, ok := BlobOwner(name); ok != (len(Segment(org)) <= maxKeyPart) || ok && (back != org || same != key) {
			t.Errorf("%q is said to be %q of %q", name, same, back)
		}
		if other, err := BlobPath(otherOrg, otherKey); err == nil && (other == name) != (org == otherOrg && key == otherKey) {
			t.Errorf("%q/%q and %q/%q are both kept in %q", org, key, otherOrg, otherKey, name)
		}
	})
}

func TestVideoOfKey(t *testing.T) {
	t.Parallel()
	v := Video{File: File{Key: SourceKey("v1", "n1")}, Attempt: 2}
	for _, key := range []string{v.File.Key, v.ThumbnailKey(), v.Folder() + "/evidence/1.webp"} {
		if id, folder, ok := VideoOfKey(key); !ok || id != "v1" || folder != v.Folder() {
			t.Errorf("%s: %q, %q, %v", key, id, folder, ok)
		}
	}
	for _, key := range []string{"", "videos", "videos/v1", "videos/v1/n1", "pictures/v1/n1/x"} {
		if id, _, ok := VideoOfKey(key); ok {
			t.Errorf("%q is said to be of %q", key, id)
		}
	}
}

// What no store of ours writes is nobody's.
func TestBlobOwnerTakesOnlyWhatBlobPathWrites(t *testing.T) {
	t.Parallel()
	for _, place := range []string{"", "acme", "acme/", "/k", ".installation", "a b/k", "%61cme/k", "acme/../k", "acme/.k", "%zz/k", "%h00/k"} {
		if org, key, ok := BlobOwner(place); ok {
			t.Errorf("%q: %q of %q", place, key, org)
		}
	}
}
