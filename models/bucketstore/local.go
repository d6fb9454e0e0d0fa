package bucketstore

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"reelroom/models"
)

// Local copies the blob to this machine, once for all who ask at a time and
// after. The copy is of the blob as it is when asked for. See [models.Blobs].
func (s *Store) Local(ctx context.Context, org, key string) (string, func(), error) {
	name, err := s.place(org, key)
	if err != nil {
		return "", nil, err
	}
	if err := ctx.Err(); err != nil {
		return "", nil, failure(err)
	}
	r, err := s.open(ctx, name)
	if err != nil {
		return "", nil, failure(err)
	}
	sum := sha256.Sum256([]byte(name + "\n" + r.tag))
	path, release, err := s.cache.get(ctx, hex.EncodeToString(sum[:]), r.size, func(ctx context.Context, path string) error {
		r.ctx = ctx // this reader is the one that is used
		defer r.Close()
		return download(r, path)
	})
	return path, release, failure(err)
}

// download writes the blob to a new file, whole or with an error.
func download(r *reader, path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	n, err := io.Copy(f, r)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil && n != r.size {
		err = fmt.Errorf("%d of %d bytes came", n, r.size)
	}
	return err
}

// openCache makes a folder for this process below dir, and removes those of
// processes that have died.
func openCache(dir string, most int64) (*cache, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	for range 3 {
		own, held, err := makeFolder(dir)
		if err != nil {
			return nil, err
		}
		if held == nil {
			continue
		}
		c := &cache{parent: dir, dir: own, most: most, held: held, entries: map[string]*entry{}}
		_, err = c.sweep()
		return c, err
	}
	return nil, fmt.Errorf("no folder could be made in %s", dir)
}

// makeFolder makes a folder and takes its lock; held is nil where a process
// that starts at the same time took it for a dead one's.
func makeFolder(dir string) (own string, held *os.File, err error) {
	if own, err = os.MkdirTemp(dir, "copies-"); err != nil {
		return "", nil, err
	}
	name := filepath.Join(own, lockName)
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if os.IsNotExist(err) {
		return "", nil, nil
	}
	if err != nil {
		return "", nil, err
	}
	locked := lock(f) == nil || runtime.GOOS == "windows"
	if _, err := os.Stat(name); err != nil || !locked {
		f.Close()
		return "", nil, nil
	}
	return own, f, nil
}

// lockName is the file in each process's folder that it holds while it lives.
const lockName = ".lock"

// sweep removes the folders of dead processes.
func (c *cache) sweep() (removed models.Removed, err error) {
	folders, err := filepath.Glob(filepath.Join(c.parent, "copies-*"))
	if err != nil {
		return removed, err
	}
	for _, folder := range folders {
		if folder == c.dir {
			continue
		}
		f, err := os.Open(filepath.Join(folder, lockName))
		if err != nil {
			continue // just being made, or gone
		}
		if lock(f) != nil { // alive
			f.Close()
			continue
		}
		copies, _ := os.ReadDir(folder)
		for _, e := range copies {
			if info, err := e.Info(); err == nil && e.Name() != lockName {
				removed.Count++
				removed.Bytes += info.Size()
			}
		}
		err = os.RemoveAll(folder)
		f.Close()
		if err != nil {
			return removed, err
		}
	}
	return removed, nil
}
