package blobstore

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"reelroom/models"
)

// started is when this process began: what is older and that nobody holds is a
// dead process's.
var started = time.Now()

// Tidy removes leftovers. A file that a living process writes is locked, and
// what is being removed (removedPrefix) may be removed by anybody. See
// [models.BlobKeeping].
func (s *Store) Tidy(ctx context.Context, before time.Time) (removed models.Removed, err error) {
	entries, err := fs.ReadDir(s.root.FS(), unfinished)
	if err != nil {
		return removed, failure(err)
	}
	for _, entry := range entries {
		if err := ctx.Err(); err != nil {
			return removed, failure(err)
		}
		name := filepath.Join(unfinished, entry.Name())
		if strings.HasPrefix(entry.Name(), removedPrefix) {
			if err := s.root.RemoveAll(name); err != nil {
				return removed, failure(err)
			}
			continue
		}
		size, ok, err := s.drop(name, before)
		if err != nil {
			return removed, failure(err)
		}
		if ok {
			removed.Count++
			removed.Bytes += size
		}
	}
	return removed, nil
}

// drop removes an unfinished file that is older than before and not locked.
func (s *Store) drop(name string, before time.Time) (size int64, ok bool, err error) {
	f, err := s.root.Open(name)
	if err != nil {
		return 0, false, nil //nolint:nilerr // gone meanwhile
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.ModTime().Before(before) || lock(f) != nil {
		return 0, false, err
	}
	if err := s.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, false, err
	}
	return info.Size(), true, nil
}
