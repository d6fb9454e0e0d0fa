//go:build unix

package sqlitestore

import (
	"errors"
	"os"
	"syscall"

	"reelroom/models"
)

// lockFile takes the lock that one process holds as long as it has the
// database open. The system frees it when the process ends, however it ends.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, models.Errorf(models.CodeUnavailable, "The data folder cannot be written.").Because(err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, models.Errorf(models.CodeUnavailable,
			"Another Reelroom is running on this data folder. Stop it, or choose another DATA_DIR.").Because(err)
	}
	return f, nil
}

// unlockFile frees the lock at once, also where a child process that is just
// being started still has the file open.
func unlockFile(f *os.File) error {
	return errors.Join(syscall.Flock(int(f.Fd()), syscall.LOCK_UN), f.Close())
}
