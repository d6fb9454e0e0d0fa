package blobstore

import (
	"path/filepath"
	"strings"
	"testing"

	"reelroom/models"
)

// No key leads out of its organization's folder, and no two meet in one file.
func FuzzPlace(f *testing.F) {
	for _, key := range []string{"k", "a/b", "../x", "a/../b", ".x", "a//b", "a\x00", `a\b`, strings.Repeat("a/", 300)} {
		f.Add("acme", key, "globex", key)
	}
	f.Add("a", "b/c", "a/b", "c")
	f.Add("..", "x", ".", "x")
	f.Add(strings.Repeat("é", 64), "x", strings.Repeat("è", 64), "x")
	f.Fuzz(func(t *testing.T, org, key, otherOrg, otherKey string) {
		name, err := place(org, key)
		if err != nil {
			if models.CodeOf(err) != models.CodeInvalid || name != "" {
				t.Errorf("%q/%q: %q, %v", org, key, name, err)
			}
			return
		}
		folder, rest, _ := strings.Cut(filepath.ToSlash(name), "/")
		if !filepath.IsLocal(name) || rest != key || strings.HasPrefix(folder, ".") || len(folder) > 255 || filepath.Clean(name) != name {
			t.Errorf("%q/%q is kept in %q", org, key, name)
		}
		if other, err := place(otherOrg, otherKey); err == nil && (other == name) != (org == otherOrg && key == otherKey) {
			t.Errorf("%q/%q and %q/%q are both kept in %q", org, key, otherOrg, otherKey, name)
		}
	})
}
