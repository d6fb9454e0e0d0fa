package capacity

import (
	"context"
	"sync"
	"time"

	"reelroom/models"
)

// Config is what a Capacity looks at.
type Config struct {
	// Parts is the folder of parts, Blobs that of whole files, "" where they are
	// in no folder of this machine. Both exist.
	Parts, Blobs string
	// Moves tells that a file which is whole goes from one to the other without
	// being copied.
	Moves bool
	// MinFree is how many bytes uploads leave free on each disk; below 0, a
	// twentieth of the disk and at most 1 GiB.
	MinFree int64
	// Most is what an organization may keep; a 0 in it is no limit.
	Most models.Usage
	// Used returns what an organization keeps.
	Used func(ctx context.Context, org string) (models.Usage, error)
	// UsedFor is how long what it has said permits more files; 0: it is asked for
	// each. It is always asked before one is refused.
	UsedFor time.Duration
}

// Capacity is the room of this server and of its organizations. Its methods may
// be called by many at once, and on nil, where there is always room.
type Capacity struct {
	Config
	parts, blobs *disk
	kept         kept

	mu   sync.Mutex
	orgs map[string]*account // of those that hold a grant or ask for one
}

// New makes a Capacity.
func New(c Config) *Capacity {
	out := &Capacity{Config: c, orgs: map[string]*account{}, parts: &disk{dir: c.Parts, minFree: c.MinFree}, kept: kept{life: c.UsedFor, orgs: map[string]known{}}}
	if c.Blobs == "" {
		return out
	}
	parts, known := models.DiskOf(c.Parts)
	if blobs, ok := models.DiskOf(c.Blobs); known && ok && parts.ID == blobs.ID {
		out.blobs = out.parts
	} else {
		out.blobs = &disk{dir: c.Blobs, minFree: c.MinFree}
	}
	return out
}

// States returns how the disks stand, each once.
func (c *Capacity) States() []State {
	if c == nil {
		return nil
	}
	out := []State{c.parts.state("uploads")}
	if c.blobs == c.parts {
		out[0].Folder = "blobs"
	} else if c.blobs != nil {
		out = append(out, c.blobs.state("blobs"))
	}
	return out
}

// Want is what a file needs.
type Want struct {
	// Videos and Bytes are of the quota.
	Videos int
	Bytes  int64
	// InParts tells that it comes in parts.
	InParts bool
}

// disks returns what the bytes take of the disks.
func (c *Capacity) disks(w Want) (parts, blobs int64) {
	if !w.InParts {
		return 0, w.Bytes
	}
	if c.Moves {
		return w.Bytes, 0
	}
	return w.Bytes, w.Bytes
}

// Take grants a file its room, or refuses it with disk_full or quota_exceeded.
// The caller releases the grant.
func (c *Capacity) Take(ctx context.Context, org string, w Want) (*Grant, error) {
	if c == nil {
		return nil, nil
	}
	g := &Grant{c: c, account: c.enter(org)}
	if err := g.take(ctx, w); err != nil {
		g.Release()
		return nil, err
	}
	return g, nil
}

// Restore grants what was granted before, by another server or an earlier
// process, to a file of which so many bytes have come in parts.
func (c *Capacity) Restore(org string, bytes, received int64) *Grant {
	if c == nil {
		return nil
	}
	g := &Grant{c: c, account: c.enter(org)}
	g.account.add(1, bytes)
	g.videos, g.bytes = 1, bytes
	g.parts, g.blobs = c.disks(Want{Bytes: bytes, InParts: true})
	g.parts = max(g.parts-received, 0)
	c.parts.force(g.parts)
	c.blobs.force(g.blobs)
	return g
}
