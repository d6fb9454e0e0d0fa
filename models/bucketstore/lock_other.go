//go:build !unix

package bucketstore

import (
	"os"
	"time"
)

// stale is after how long a folder is taken for a dead process's, where files
// cannot be locked. A living one touches its own at each Tidy.
const stale = 7 * 24 * time.Hour

func lock(f *os.File) error {
	info, err := f.Stat()
	if err == nil && time.Since(info.ModTime()) < stale {
		err = os.ErrPermission
	}
	return err
}
