package sqlitestore

import (
	"crypto/rand"
	"io"
	"os"
)

// writeRandom fills the file with bytes that no file system makes smaller.
func writeRandom(f *os.File, from, size int64) error {
	if _, err := io.CopyN(io.NewOffsetWriter(f, from), rand.Reader, size); err != nil {
		return err
	}
	return f.Sync()
}
