package blobstore

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"syscall"
	"time"

	"reelroom/models"
)

// removedPrefix begins the name of what is being removed.
const removedPrefix = "removed-"

// Delete removes a blob, or all below a prefix, at once: it is renamed away
// first. That nothing was there is no error. See [models.Blobs].
func (s *Store) Delete(ctx context.Context, org, prefix string) error {
	name, err := place(org, prefix)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return failure(err)
	}
	away := filepath.Join(unfinished, removedPrefix+models.NewID(time.Now()))
	err = s.root.Rename(name, away)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil
	}
	if err == nil {
		err = errors.Join(s.syncNearest(filepath.Dir(name)), s.root.RemoveAll(away))
	}
	s.prune(filepath.Dir(name))
	return failure(err)
}

// prune removes the folders that are left empty. A blob that is just being
// moved there makes its folder again.
func (s *Store) prune(name string) {
	for ; name != "."; name = filepath.Dir(name) {
		if s.root.Remove(name) != nil {
			return
		}
	}
}

// syncNearest makes the names in a folder durable or, when the folder was pruned
// meanwhile, those in the nearest one above that is there: what is not in a folder
// that is gone for good stays gone.
func (s *Store) syncNearest(name string) error {
	for {
		err := s.sync(name)
		if !errors.Is(err, fs.ErrNotExist) || name == "." {
			return err
		}
		name = filepath.Dir(name)
	}
}

// sync makes the names in a folder durable.
func (s *Store) sync(name string) error {
	dir, err := s.root.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(syncFolder(dir), dir.Close())
}
