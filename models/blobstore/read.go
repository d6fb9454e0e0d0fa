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

// blob is an open file with what was known of it when it was opened. The file
// of a blob never changes: another version is another file.
type blob struct {
	*os.File
	info fs.FileInfo
}

// Size is in bytes.
func (b *blob) Size() int64 { return b.info.Size() }

// ModTime is when the blob was written.
func (b *blob) ModTime() time.Time { return b.info.ModTime() }

// Open reads a blob. See [models.Blobs].
func (s *Store) Open(ctx context.Context, org, key string) (models.Blob, error) {
	name, err := s.find(ctx, org, key)
	if err != nil {
		return nil, err
	}
	f, err := s.root.Open(name)
	if err != nil {
		return nil, absent(err)
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, failure(err)
	}
	return &blob{f, info}, nil
}

// Local returns the path of the file itself; there is nothing to release. The
// file must not be written to. See [models.Blobs].
func (s *Store) Local(ctx context.Context, org, key string) (string, func(), error) {
	name, err := s.find(ctx, org, key)
	if err != nil {
		return "", nil, err
	}
	return filepath.Join(s.dir, name), func() {}, nil
}

// find returns the place of a blob that exists: a plain file, nothing else.
func (s *Store) find(ctx context.Context, org, key string) (string, error) {
	name, err := place(org, key)
	if err != nil {
		return "", err
	}
	if err := ctx.Err(); err != nil {
		return "", failure(err)
	}
	info, err := s.root.Lstat(name)
	if err != nil {
		return "", absent(err)
	}
	if !info.Mode().IsRegular() {
		return "", absent(fs.ErrNotExist)
	}
	return name, nil
}

// absent gives the one answer for every way in which a blob may not be there.
func absent(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return models.Errorf(models.CodeNotFound, "There is no such file.")
	}
	return failure(err)
}
