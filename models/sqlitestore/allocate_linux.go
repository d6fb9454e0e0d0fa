package sqlitestore

import (
	"errors"
	"os"
	"syscall"
)

// allocate gives the file so many bytes of disk from a place on.
func allocate(f *os.File, from, size int64) error {
	err := syscall.Fallocate(int(f.Fd()), 0, from, size)
	if errors.Is(err, syscall.EOPNOTSUPP) {
		return writeRandom(f, from, size)
	}
	return err
}
