//go:build !linux

package sqlitestore

import "os"

// allocate gives the file so many bytes of disk from a place on.
func allocate(f *os.File, from, size int64) error { return writeRandom(f, from, size) }
