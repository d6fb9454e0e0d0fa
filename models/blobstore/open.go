package blobstore

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"reelroom/models"
)

// unfinished is the folder of blobs that are being written or removed. No
// organization's folder can have its name: [models.Segment] writes no dot.
const unfinished = ".unfinished"

// Store is a [models.Blobs] in a folder. Several processes may use the same one.
type Store struct {
	dir  string
	root *os.Root // every access goes through it: no link leads out
}

var (
	_ models.BlobKeeping = (*Store)(nil)
	_ models.BlobAdopter = (*Store)(nil)
)

// Open uses the folder dir, made (0700) if it is missing, and removes what
// processes that died had begun to write there.
func Open(dir string) (*Store, error) {
	dir, err := filepath.Abs(dir)
	if err == nil {
		err = os.MkdirAll(filepath.Join(dir, unfinished), 0o700)
	}
	if err != nil {
		return nil, failure(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, failure(err)
	}
	s := &Store{dir, root}
	if _, err := s.Tidy(context.Background(), started); err != nil {
		root.Close()
		return nil, err
	}
	return s, nil
}

// Close frees the folder. Blobs that are open stay so.
func (s *Store) Close() error { return s.root.Close() }

// place is where a key is kept, below the root; see [models.BlobPath].
func place(org, key string) (string, error) {
	name, err := models.BlobPath(org, key)
	return filepath.FromSlash(name), err
}

// Ping reports whether blobs can be written.
func (s *Store) Ping(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return failure(err)
	}
	f, name, err := s.begin()
	if err != nil {
		return failure(err)
	}
	_, err = f.WriteString("x")
	return failure(errors.Join(err, f.Close(), s.root.Remove(name)))
}

// failure gives an error of the file system its code. The cause, which may
// name a path, is for the log only.
func failure(err error) error {
	var coded *models.Error
	switch {
	case err == nil, errors.As(err, &coded):
		return err
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG):
		return models.Errorf(models.CodeStorageFull, "The disk is full.").Because(err)
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.EISDIR), errors.Is(err, fs.ErrExist):
		return models.Errorf(models.CodeConflict, "A file and a folder of files cannot have the same name.").Because(err)
	case errors.Is(err, fs.ErrNotExist):
		return models.Errorf(models.CodeNotFound, "There is no such file.").Because(err)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return models.Errorf(models.CodeUnavailable, "The call was given up.").Because(err).Again(0)
	}
	return models.Errorf(models.CodeUnavailable, "The storage of files failed.").Because(err).Again(time.Second)
}
