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

// Adopt makes a finished file the blob, without copying it. See [models.BlobAdopter].
func (s *Store) Adopt(ctx context.Context, org, key, path string) error {
	to, err := place(org, key)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return failure(err)
	}
	name := filepath.Join(unfinished, models.NewID(time.Now()))
	if err := s.link(path, name); err != nil {
		return failure(err)
	}
	if err := s.move(name, to); err != nil {
		return failure(errors.Join(err, s.root.Remove(name)))
	}
	return nil
}

// link gives a plain file outside another name inside, durably in its contents.
func (s *Store) link(path, name string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := os.Link(path, filepath.Join(s.dir, name)); err != nil {
		return err
	}
	opened, err := f.Stat()
	linked, lerr := s.root.Lstat(name)
	if err = errors.Join(err, lerr); err == nil && !(linked.Mode().IsRegular() && os.SameFile(opened, linked)) {
		err = fs.ErrInvalid
	}
	if err == nil { // so that a sweep does not take it for one of long ago
		now := time.Now()
		err = errors.Join(s.root.Chtimes(name, now, now), f.Sync())
	}
	if err != nil {
		return errors.Join(err, s.root.Remove(name))
	}
	return nil
}

// Adopts reports whether files of a folder can be adopted.
func (s *Store) Adopts(folder string) bool {
	f, err := os.CreateTemp(folder, ".adopted-")
	if err != nil {
		return false
	}
	defer os.Remove(f.Name())
	defer f.Close()
	name := filepath.Join(unfinished, models.NewID(time.Now()))
	if s.link(f.Name(), name) != nil {
		return false
	}
	return s.root.Remove(name) == nil
}
