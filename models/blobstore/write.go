package blobstore

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"reelroom/models"
)

// Create begins a blob. The context is that of the whole writing: when it ends,
// Write and Commit fail. See [models.Blobs].
func (s *Store) Create(ctx context.Context, org, key string) (models.BlobWriter, error) {
	to, err := place(org, key)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, failure(err)
	}
	f, name, err := s.begin()
	if err != nil {
		return nil, failure(err)
	}
	return &writer{ctx: ctx, store: s, file: f, name: name, to: to}, nil
}

// begin opens an unfinished file, and locks it against another's sweep.
func (s *Store) begin() (*os.File, string, error) {
	name := filepath.Join(unfinished, models.NewID(time.Now()))
	f, err := s.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, "", err
	}
	if err := lock(f); err != nil {
		return nil, "", errors.Join(err, f.Close(), s.root.Remove(name))
	}
	return f, name, nil
}

// writer is a blob being written. It is used by one goroutine at a time.
type writer struct {
	ctx      context.Context //nolint:containedctx // see Create
	store    *Store
	file     *os.File // nil when finished
	name, to string
	failed   error // the first failure: what comes after it is not whole
}

var errFinished = models.Errorf(models.CodeInternal, "The file is finished already.")

// Write adds to the blob.
func (w *writer) Write(p []byte) (int, error) {
	if err := w.usable(); err != nil {
		return 0, err
	}
	n, err := w.file.Write(p)
	w.failed = failure(err)
	return n, w.failed
}

func (w *writer) usable() error {
	if w.file == nil {
		return errFinished
	}
	if w.failed == nil {
		w.failed = failure(w.ctx.Err())
	}
	return w.failed
}

// Commit makes the blob exist. After an error the key has what it had before;
// only when the disk fails at the very last step may it have the new blob.
func (w *writer) Commit() error {
	if err := w.usable(); err != nil {
		w.Abort()
		return err
	}
	err := w.file.Sync()
	if err == nil {
		err = w.store.move(w.name, w.to)
	}
	if err != nil {
		w.Abort()
		return failure(err)
	}
	err = w.file.Close()
	w.file = nil
	return failure(err)
}

// Abort drops what was written; after Commit it does nothing.
func (w *writer) Abort() {
	if w.file == nil {
		return
	}
	// Removed first: the lock, which the close lets go, keeps a sweep away.
	_ = w.store.root.Remove(w.name)
	_ = w.file.Close()
	w.file = nil
}

// moves bounds how often a move is repeated when a Delete took the folder away.
const moves = 32

// move renames a finished file to its place, durably.
func (s *Store) move(name, to string) (err error) {
	parent := filepath.Dir(to)
	for range moves {
		// A folder that is removed while it is made may be said to exist, and not
		// to be one. A file in its place says so each time.
		if err = s.root.MkdirAll(parent, 0o700); errors.Is(err, fs.ErrExist) {
			continue
		}
		if err == nil {
			err = s.root.Rename(name, to)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if err != nil {
		return err
	}
	// The name is durable when its folder is, and so on up to the root.
	for dir := parent; ; dir = filepath.Dir(dir) {
		if err := s.sync(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if dir == "." {
			return nil
		}
	}
}
