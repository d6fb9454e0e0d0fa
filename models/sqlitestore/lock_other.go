//go:build !unix

package sqlitestore

import (
	"os"

	"reelroom/models"
)

// lockFile only makes the file: without flock a second process is not refused.
// SQLite's own locks still keep every write whole.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, models.Errorf(models.CodeUnavailable, "The data folder cannot be written.").Because(err)
	}
	return f, nil
}

func unlockFile(f *os.File) error { return f.Close() }
