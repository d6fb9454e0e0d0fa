package modelstest

import (
	"fmt"
	"syscall"
	"testing"
)

// SmallDisk returns a folder on a file system of its own that holds so many
// bytes; ok is false where this process may not mount one.
func SmallDisk(t testing.TB, bytes int) (dir string, ok bool) {
	t.Helper()
	dir = t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=700", bytes)); err != nil {
		return "", false
	}
	t.Cleanup(func() {
		// Detached: gone from the tree now, from memory when the last file closes.
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	return dir, true
}
