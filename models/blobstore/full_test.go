//go:build unix

package blobstore

import (
	"context"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/models/modelstest"
)

// fullVariable holds the folder, in the process that may write only small files.
const fullVariable = "REELROOM_TEST_FULL"

const fullAt = 1 << 20 // bytes

// A full disk is told as such, and leaves nothing half written. Two ways to
// get there: a small file system where one may be mounted, and a child process
// that the system lets write only small files.
func TestFullDisk(t *testing.T) {
	if dir := os.Getenv(fullVariable); dir != "" {
		signal.Ignore(syscall.SIGXFSZ)
		limit := syscall.Rlimit{Cur: fullAt, Max: fullAt}
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
			t.Fatal(err)
		}
		fill(t, dir)
		return
	}
	t.Parallel()
	t.Run("small file system", func(t *testing.T) {
		dir, ok := modelstest.SmallDisk(t, fullAt)
		if !ok {
			t.Log("this process may not mount one; the other way must do")
			return
		}
		fill(t, dir)
	})
	t.Run("limited process", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestFullDisk$")
		cmd.Env = append(os.Environ(), fullVariable+"="+t.TempDir())
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	})
}

func fill(t *testing.T, dir string) {
	s := open(t, dir)
	write := func(key string, size int) error {
		w, err := s.Create(t.Context(), "acme", key)
		if err != nil {
			return err
		}
		defer w.Abort()
		for chunk := make([]byte, 64<<10); size > 0; size -= len(chunk) {
			if _, err := w.Write(chunk); err != nil {
				if cerr := w.Commit(); cerr == nil {
					t.Error("committed what was not written whole")
				}
				return err
			}
		}
		return w.Commit()
	}
	if err := write("fits", fullAt/4); err != nil {
		t.Fatal(err)
	}
	if err := write("large", 2*fullAt); models.CodeOf(err) != models.CodeStorageFull {
		t.Errorf("large: %v", err)
	}
	if left := files(t, dir); len(left) != 1 || left[0] != filepath.Join("acme", "fits") {
		t.Errorf("the disk holds %v", left)
	}
	if err := write("small", fullAt/4); err != nil {
		t.Errorf("there is room again: %v", err)
	}
}
