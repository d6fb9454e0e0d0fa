package backend

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// The store, Redis and the folder of blobs of one installation belong
// together: a process that shares only some of them with the others would work
// on videos that nobody else sees, and tell no one. The store names the
// installation; the other two are marked with that name at the first start.
const (
	installationKey = "reelroom:installation" // in Redis; set again after a loss
	markerFile      = ".installation"         // in the folder of blobs, where no organization's name has a dot
	markerBytes     = 1 << 10
)

// markerPatience is how long the process that made the marker has to fill it.
const markerPatience = 2 * time.Second

// installation returns the name that the store gives to the installation.
func (b *Backend) installation(ctx context.Context) (string, error) {
	id, err := b.Store.Once(ctx, "installation", rand.Text())
	if err != nil {
		return "", fmt.Errorf("read the name of the installation: %w", err)
	}
	return id, nil
}

// claimRedis marks the configured Redis, or returns an error when it is
// another installation's. That the mark is gone is fine: Redis may be emptied.
func claimRedis(ctx context.Context, c *Config, client redis.UniversalClient, id string) error {
	owner, err := client.Get(ctx, installationKey).Result()
	if errors.Is(err, redis.Nil) {
		var set bool
		if set, err = client.SetNX(ctx, installationKey, id, 0).Result(); err == nil && !set {
			owner, err = client.Get(ctx, installationKey).Result()
		}
	}
	switch {
	case errors.Is(err, redis.Nil), err == nil && (owner == "" || owner == id):
		return nil
	case err != nil:
		return fmt.Errorf("%s: read whose Redis this is: %w", c.redisVariable(), err)
	}
	return fmt.Errorf("%s: this Redis belongs to another installation, one with another database; "+
		"give this process the database of the others, or a Redis of its own "+
		"(if the database was replaced on purpose, empty this Redis first)", c.redisVariable())
}

// claimFolder marks the folder of blobs, or returns an error when it is another
// installation's, or not the one where this installation began to keep its
// blobs: a disk that is not mounted, a machine that does not share the folder.
func (b *Backend) claimFolder(ctx context.Context, dir, id string) error {
	variable, path := b.Config.blobVariable(), filepath.Join(dir, markerFile)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("%s: %w", variable, err)
	}
	made, err := writeMarker(path, id, rand.Text())
	if err != nil {
		return fmt.Errorf("%s: mark the folder: %w", variable, err)
	}
	owner, folder, err := readMarker(ctx, path)
	if err != nil {
		return fmt.Errorf("%s: read whose folder %s is: %w", variable, dir, err)
	}
	if owner != id {
		return fmt.Errorf("%s: the folder %s belongs to another installation, one with another database; "+
			"give this process the database of the others, or a folder of its own "+
			"(if the database was replaced on purpose, remove %s)", variable, dir, path)
	}
	first, err := b.Store.Once(ctx, "blob-folder", folder)
	if err == nil && first == folder {
		return nil
	}
	if made {
		err = errors.Join(err, os.Remove(path))
	}
	if err != nil {
		return fmt.Errorf("%s: mark the folder: %w", variable, err)
	}
	if b.Config.ownFolder() { // stands beside its database: it was emptied, nothing is split
		_, err := writeMarker(path, id, first)
		return err
	}
	return fmt.Errorf("%s: the folder %s is not the one where this installation keeps its videos; "+
		"every server and worker needs the same folder, shared and mounted "+
		"(if the old one is lost for good, write the line \"%s %s\" to %s)", variable, dir, id, first, path)
}

// writeMarker reports whether it made the file; one that is there stays.
func writeMarker(path, id, folder string) (bool, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	_, err = f.WriteString(id + " " + folder + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return false, errors.Join(err, os.Remove(path))
	}
	return true, nil
}

// readMarker waits a little for a process that starts at the same time and has
// made the file but not yet filled it.
func readMarker(ctx context.Context, path string) (id, folder string, err error) {
	ctx, cancel := context.WithTimeout(ctx, markerPatience)
	defer cancel()
	for {
		f, err := os.Open(path)
		if err != nil {
			return "", "", err
		}
		text, err := io.ReadAll(io.LimitReader(f, markerBytes))
		f.Close()
		if err != nil {
			return "", "", err
		}
		if words := strings.Fields(string(text)); len(words) == 2 && text[len(text)-1] == '\n' {
			return words[0], words[1], nil
		}
		select {
		case <-ctx.Done():
			return "", "", fmt.Errorf("%s is damaged; remove it if no other installation uses this folder", path)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
