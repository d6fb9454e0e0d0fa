package blobstore

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"reelroom/models"
)

// eachStep is how many names of a folder are held at a time.
const eachStep = 256

// Each visits every blob, folder by folder. See [models.BlobKeeping].
func (s *Store) Each(ctx context.Context, visit func(models.BlobEntry) error) error {
	return s.walk(ctx, ".", visit)
}

// walk visits what is below a folder; one that goes away meanwhile is empty.
func (s *Store) walk(ctx context.Context, name string, visit func(models.BlobEntry) error) error {
	dir, err := s.root.Open(filepath.FromSlash(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return failure(err)
	}
	defer dir.Close()
	for {
		entries, end := dir.ReadDir(eachStep)
		for _, entry := range entries {
			if err := ctx.Err(); err != nil {
				return failure(err)
			}
			if err := s.step(ctx, path.Join(name, entry.Name()), entry, visit); err != nil {
				return err
			}
		}
		if end != nil {
			if end == io.EOF || errors.Is(end, fs.ErrNotExist) {
				return nil
			}
			return failure(end)
		}
	}
}

func (s *Store) step(ctx context.Context, name string, entry os.DirEntry, visit func(models.BlobEntry) error) error {
	if entry.IsDir() {
		if name == unfinished {
			return nil
		}
		return s.walk(ctx, name, visit)
	}
	org, key, ok := models.BlobOwner(name)
	if !ok || !entry.Type().IsRegular() {
		return nil
	}
	info, err := entry.Info()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return failure(err)
	}
	return visit(models.BlobEntry{OrganizationID: org, Key: key, Size: info.Size(), ModTime: info.ModTime()})
}
