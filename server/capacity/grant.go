package capacity

import (
	"context"
	"sync"
)

// step is how much more is asked for at a time for a file of unknown size.
const step = 16 << 20

// Grant is the room of one file, or of several that come in one request, until
// it is released. Nil is one of a server without bounds.
type Grant struct {
	c       *Capacity
	account *account

	mu sync.Mutex
	// parts and blobs are reserved on the disks and not written.
	parts, blobs int64
	// videos and bytes are of the quota and not kept.
	videos   int
	bytes    int64
	written  int64 // of the file that is being written
	released bool
}

func (g *Grant) take(ctx context.Context, w Want) error {
	if err := g.c.reserve(ctx, g.account, w.Videos, w.Bytes); err != nil {
		return err
	}
	parts, blobs := g.c.disks(w)
	err := g.c.parts.take(parts)
	if err == nil {
		if err = g.c.blobs.take(blobs); err != nil {
			g.c.parts.give(parts)
		}
	}
	if err != nil {
		g.account.add(-w.Videos, -w.Bytes)
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.videos, g.bytes = g.videos+w.Videos, g.bytes+w.Bytes
	g.parts, g.blobs = g.parts+parts, g.blobs+blobs
	return nil
}

// Begin makes sure that the grant holds one more video, for the next file of a
// request with several.
func (g *Grant) Begin(ctx context.Context) error {
	if g == nil {
		return nil
	}
	g.mu.Lock()
	has := g.videos > 0
	g.written = 0
	g.mu.Unlock()
	if has {
		return nil
	}
	return g.take(ctx, Want{Videos: 1})
}

// Need makes sure that so many bytes more may be written to the blobs; a file
// whose size was not announced is refused here when there is no room.
func (g *Grant) Need(ctx context.Context, bytes int64) error {
	if g == nil {
		return nil
	}
	g.mu.Lock()
	lacking := g.written + bytes - g.bytes
	g.mu.Unlock()
	if lacking <= 0 {
		return nil
	}
	if g.take(ctx, Want{Bytes: max(lacking, step)}) == nil {
		return nil
	}
	return g.take(ctx, Want{Bytes: lacking})
}

// Wrote says that bytes were written to the blobs, Received that they were
// written to the parts.
func (g *Grant) Wrote(bytes int64) {
	if g != nil {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.written += bytes
		n := min(bytes, g.blobs)
		g.blobs -= n
		g.c.blobs.give(n)
	}
}

// Received is told with [Grant.Wrote].
func (g *Grant) Received(bytes int64) {
	if g != nil {
		g.mu.Lock()
		defer g.mu.Unlock()
		n := min(bytes, g.parts)
		g.parts -= n
		g.c.parts.give(n)
	}
}

// Idle lets go of the disk, and not of the quota: for a file that has not come
// for a while. [Grant.Resume] takes the disk again.
func (g *Grant) Idle() {
	if g != nil {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.letGo()
	}
}

func (g *Grant) letGo() {
	g.c.parts.give(g.parts)
	g.c.blobs.give(g.blobs)
	g.parts, g.blobs = 0, 0
}

// Arrived says how much of the file is among the parts, where another server may
// have written it.
func (g *Grant) Arrived(bytes int64) {
	if g != nil {
		g.mu.Lock()
		defer g.mu.Unlock()
		if n := g.parts - max(g.bytes-bytes, 0); n > 0 {
			g.parts -= n
			g.c.parts.give(n)
		}
	}
}

// Resume reserves the disk for a file of which so many bytes are still to come,
// where that was let go, or refuses with disk_full.
func (g *Grant) Resume(bytes int64) error {
	if g == nil {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.released || g.parts > 0 {
		return nil
	}
	parts, blobs := g.c.disks(Want{Bytes: bytes, InParts: true})
	if blobs = min(blobs, 1) * (g.bytes - g.blobs); blobs > 0 {
		if err := g.c.blobs.take(blobs); err != nil {
			return err
		}
	}
	if err := g.c.parts.take(parts); err != nil {
		g.c.blobs.give(blobs)
		return err
	}
	g.parts, g.blobs = parts, g.blobs+blobs
	return nil
}

// Commit makes the record of a file of so many bytes. Then the file counts as
// kept, and no longer as granted.
func (g *Grant) Commit(bytes int64, create func() error) error {
	if g == nil {
		return create()
	}
	g.mu.Lock()
	size := bytes
	videos, bytes := min(g.videos, 1), min(g.bytes, bytes)
	g.mu.Unlock()
	return g.account.commit(videos, bytes, func() error {
		err := create()
		if err == nil {
			g.c.kept.add(g.account.org, size)
			g.mu.Lock()
			defer g.mu.Unlock()
			g.videos, g.bytes = g.videos-videos, g.bytes-bytes
		}
		return err
	})
}

// Release gives back what is left. It may be called twice.
func (g *Grant) Release() {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.released {
		return
	}
	g.released = true
	g.letGo()
	g.account.add(-g.videos, -g.bytes)
	g.videos, g.bytes = 0, 0
	g.c.leave(g.account)
}
