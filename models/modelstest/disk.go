package modelstest

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// junkFile is what [FillDisk] writes.
const junkFile = "junk"

// FillDisk writes to a file in dir until the disk takes not one byte more.
func FillDisk(t testing.TB, dir string) {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(dir, junkFile), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for piece := make([]byte, 1<<20); ; {
		_, err := f.Write(piece)
		switch {
		case err == nil:
		case !errors.Is(err, syscall.ENOSPC):
			t.Fatal(err)
		case len(piece) == 1:
			return
		default:
			piece = piece[:(len(piece)+1)/2]
		}
	}
}

// EmptyDisk removes what [FillDisk] wrote.
func EmptyDisk(t testing.TB, dir string) {
	t.Helper()
	if err := os.Remove(filepath.Join(dir, junkFile)); err != nil {
		t.Fatal(err)
	}
}
