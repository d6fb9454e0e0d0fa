package backend

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// The store, Redis and the place of the blobs of one installation belong
// together: a process that shares only some of them with the others would work
// on videos that nobody else sees, and tell no one. The store names the
// installation; the other two are marked with that name at the first start.
const installationKey = "reelroom:installation" // in Redis; set again after a loss

// markerPatience is how long the process that made the marker has to fill it.
const markerPatience = 5 * time.Second

// installation returns the name that the store gives to the installation.
func (b *Backend) installation(ctx context.Context) (string, error) {
	id, err := b.Store.Once(ctx, "installation", rand.Text())
	if err != nil {
		return "", fmt.Errorf("%s: read the name of the installation: %w", b.Config.storeVariable(), err)
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

// claimBlobs marks the place of the blobs, or returns an error when it is
// another installation's, or not the one where this installation began to keep
// its blobs: a disk that is not mounted, a machine that does not share it.
func (b *Backend) claimBlobs(ctx context.Context, m mark, id string) error {
	variable := b.Config.blobVariable()
	made, err := m.write(ctx, id+" "+rand.Text()+"\n")
	if err != nil {
		return fmt.Errorf("%s: mark %s: %w", variable, m, err)
	}
	owner, place, err := readMark(ctx, m)
	if err != nil {
		return fmt.Errorf("%s: read whose %s is: %w", variable, m, err)
	}
	if owner != id {
		return fmt.Errorf("%s: %s belongs to another installation, one with another database; "+
			"give this process the database of the others, or a place of its own "+
			"(if the database was replaced on purpose, remove %s)", variable, m, m.name())
	}
	first, err := b.Store.Once(ctx, "blob-folder", place)
	if err == nil && first == place {
		return nil
	}
	if made {
		err = errors.Join(err, m.remove(ctx))
	}
	if err != nil {
		return fmt.Errorf("%s: mark %s: %w", variable, m, err)
	}
	if b.Config.ownFolder() { // stands beside its database: it was emptied, nothing is split
		_, err := m.write(ctx, id+" "+first+"\n")
		return err
	}
	return fmt.Errorf("%s: %s is not where this installation keeps its videos; "+
		"every server and worker needs the same place, shared and mounted "+
		"(if the old one is lost for good, write the line \"%s %s\" to %s)", variable, m, id, first, m.name())
}

// mark is the line in the place of the blobs that tells whose it is. In words
// it is the place itself.
type mark interface {
	fmt.Stringer
	// name is what the operator calls the mark itself.
	name() string
	read(ctx context.Context) (string, error)
	// write reports whether it made the mark; one that is there stays.
	write(ctx context.Context, line string) (made bool, err error)
	remove(ctx context.Context) error
}

// readMark waits a little for a process that starts at the same time and has
// made the mark but not yet filled it.
func readMark(ctx context.Context, m mark) (id, place string, err error) {
	ctx, cancel := context.WithTimeout(ctx, markerPatience)
	defer cancel()
	for {
		text, err := m.read(ctx)
		if err != nil {
			return "", "", err
		}
		if words := strings.Fields(text); len(words) == 2 && text[len(text)-1] == '\n' {
			return words[0], words[1], nil
		}
		select {
		case <-ctx.Done():
			return "", "", fmt.Errorf("%s is damaged; remove it if no other installation uses %s", m.name(), m)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
