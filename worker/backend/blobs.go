package backend

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"reelroom/models/blobstore"
	"reelroom/models/bucketstore"
)

// blobPlace returns where the blobs are kept: a folder, or a bucket.
func (c *Config) blobPlace() (dir string, bucket *bucketstore.Settings, err error) {
	if c.BlobURL == "" {
		return filepath.Join(c.DataDir, "blobs"), nil, nil
	}
	if strings.HasPrefix(c.BlobURL, "s3:") {
		settings, err := bucketstore.ParseURL(c.BlobURL)
		if err != nil {
			return "", nil, fmt.Errorf("BLOB_URL: %w", err)
		}
		return "", &settings, nil
	}
	u, err := url.Parse(c.BlobURL)
	if err != nil || u.Scheme != "file" || u.Host != "" || !filepath.IsAbs(u.Path) {
		return "", nil, errors.New("BLOB_URL is neither file:///an/absolute/folder nor s3://bucket/prefix?region=…")
	}
	return filepath.Clean(u.Path), nil, nil
}

// PartsDir is where the parts of files are kept that are not whole yet: beside
// the blobs where these are in a folder, so that servers which share the one
// share the other; else in DATA_DIR. No organization's folder has a dot in its
// name.
func (c *Config) PartsDir() string {
	if dir, bucket, err := c.blobPlace(); err == nil && bucket == nil {
		return filepath.Join(dir, ".uploads")
	}
	return filepath.Join(c.DataDir, "uploads")
}

// BlobsDir is the folder of the blobs, "" where they are in a bucket.
func (c *Config) BlobsDir() string {
	dir, _, _ := c.blobPlace() // validated
	return dir
}

// blobVariable names the variable that chose the place of the blobs.
func (c *Config) blobVariable() string {
	if c.BlobURL == "" {
		return "BLOB_URL is not set, so DATA_DIR"
	}
	return "BLOB_URL"
}

// storeVariable names the variable that chose the store.
func (c *Config) storeVariable() string {
	if c.MongoURI != "" {
		return "MONGODB_URI"
	}
	return "DATA_DIR"
}

// tryBlobs returns why the place of the blobs cannot be used, without marking it.
func (b *Backend) tryBlobs(ctx context.Context) error {
	dir, settings, err := b.Config.blobPlace()
	if err != nil {
		return err
	}
	if settings == nil {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("%s: %w", b.Config.blobVariable(), err)
		}
		return nil
	}
	bucket, err := b.openBucket(ctx, *settings)
	if err != nil {
		return err
	}
	return bucket.Close()
}

// openBucket opens a bucket in the time that the start waits for a service.
func (b *Backend) openBucket(ctx context.Context, settings bucketstore.Settings) (*bucketstore.Store, error) {
	ctx, cancel := context.WithTimeout(ctx, serviceTime)
	defer cancel()
	bucket, err := bucketstore.Open(ctx, settings, bucketstore.Options{
		CacheDir: filepath.Join(b.Config.DataDir, "copies"), CacheBytes: int64(b.Config.BlobCache),
	})
	if err != nil {
		return nil, fmt.Errorf("BLOB_URL: %w", err)
	}
	return bucket, nil
}

// openBlobs opens the blobs of the installation id, and no other's.
func (b *Backend) openBlobs(ctx context.Context, id string) error {
	dir, settings, err := b.Config.blobPlace()
	if err != nil {
		return err
	}
	if settings != nil {
		bucket, err := b.openBucket(ctx, *settings)
		if err != nil {
			return err
		}
		b.closers = append(b.closers, func() { _ = bucket.Close() })
		b.Blobs, b.BlobWords = bucket, "objects in "+settings.String()
		return b.claimBlobs(ctx, bucketMark{bucket, settings.String()}, id)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("%s: %w", b.Config.blobVariable(), err)
	}
	if err := b.claimBlobs(ctx, folderMark(dir), id); err != nil {
		return err
	}
	files, err := blobstore.Open(dir)
	if err != nil {
		return fmt.Errorf("%s: open the blobs: %w", b.Config.blobVariable(), err)
	}
	b.closers = append(b.closers, func() { _ = files.Close() })
	b.Blobs, b.BlobWords = files, "files in "+dir
	return nil
}

const (
	markerFile  = ".installation" // no organization's folder has a dot in its name
	markerBytes = 1 << 10
)

// folderMark is the mark in a folder of blobs.
type folderMark string

func (m folderMark) String() string { return "the folder " + string(m) }
func (m folderMark) name() string   { return filepath.Join(string(m), markerFile) }

func (m folderMark) read(context.Context) (string, error) {
	f, err := os.Open(m.name())
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, markerBytes))
	return string(text), err
}

func (m folderMark) write(_ context.Context, line string) (bool, error) {
	f, err := os.OpenFile(m.name(), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	_, err = f.WriteString(line)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return false, errors.Join(err, os.Remove(m.name()))
	}
	return true, nil
}

func (m folderMark) remove(context.Context) error { return os.Remove(m.name()) }

// bucketMark is the mark in a bucket.
type bucketMark struct {
	bucket *bucketstore.Store
	words  string
}

func (m bucketMark) String() string { return "the bucket " + m.words }
func (m bucketMark) name() string   { return "its object " + markerFile }

func (m bucketMark) read(ctx context.Context) (string, error) {
	text, _, err := m.bucket.Mark(ctx)
	return text, err
}

func (m bucketMark) write(ctx context.Context, line string) (bool, error) {
	// Not every service knows the condition under which one that is there stays.
	if _, ok, err := m.bucket.Mark(ctx); ok || err != nil {
		return false, err
	}
	return m.bucket.SetMark(ctx, line)
}

func (m bucketMark) remove(ctx context.Context) error { return m.bucket.RemoveMark(ctx) }
