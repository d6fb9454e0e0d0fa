//go:build !unix

package blobstore

import (
	"os"
	"time"
)

// stale is how long nobody must have written to a file before it may be taken
// for a dead process's, where files cannot be locked.
const stale = 24 * time.Hour

func lock(f *os.File) error {
	info, err := f.Stat()
	if err == nil && info.Size() > 0 && time.Since(info.ModTime()) < stale {
		err = os.ErrPermission
	}
	return err
}

// syncFolder does nothing: such systems keep names without it.
func syncFolder(*os.File) error { return nil }
