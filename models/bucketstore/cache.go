package bucketstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// cache is the folder of this process's copies. Copies in use always stay; the
// others go, the one used longest ago first, when all together are more than
// most bytes. No other process uses the folder, and it does not outlive this
// one: a copy that is there under its final name is whole.
type cache struct {
	parent, dir string
	most        int64
	held        *os.File // locked while this process lives

	mu      sync.Mutex
	entries map[string]*entry
	bytes   int64 // of all entries
	made    int   // counts the copies that were begun
	closed  bool

	filling sync.WaitGroup
}

// entry is one copy, or one on its way.
type entry struct {
	name   string
	size   int64
	users  int       // who wait for it or use it
	used   time.Time // when the last one left
	cancel context.CancelFunc
	ready  chan struct{} // closed when the copy is there, or err is set
	err    error
}

var errClosed = errors.New("the store is closed")

// get returns the path of a copy, made by fill where there is none, and what
// lets go of it. fill gets a context that ends when nobody waits any more.
func (c *cache) get(ctx context.Context, name string, size int64, fill func(ctx context.Context, path string) error) (string, func(), error) {
	e, err := c.join(ctx, name, size, fill)
	if err != nil {
		return "", nil, err
	}
	select {
	case <-e.ready:
	case <-ctx.Done():
		c.leave(e)
		return "", nil, ctx.Err()
	}
	if e.err != nil {
		c.leave(e)
		return "", nil, e.err
	}
	return filepath.Join(c.dir, name), sync.OnceFunc(func() { c.leave(e) }), nil
}

// join takes part in an entry; the first one begins to fill it.
func (c *cache) join(ctx context.Context, name string, size int64, fill func(ctx context.Context, path string) error) (*entry, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, errClosed
	}
	if e, ok := c.entries[name]; ok {
		e.users++
		return e, nil
	}
	filling, cancel := context.WithCancel(context.WithoutCancel(ctx))
	e := &entry{name: name, size: size, users: 1, cancel: cancel, ready: make(chan struct{})}
	c.entries[name] = e
	c.bytes += size
	c.evict(c.most) // in advance: the disk may have no room for both
	c.made++
	part := filepath.Join(c.dir, fmt.Sprintf("%s.%d.part", name, c.made))
	c.filling.Go(func() {
		defer cancel()
		err := fill(filling, part)
		c.settle(e, part, err)
	})
	return e, nil
}

// settle gives a finished copy its name, or forgets the entry: whoever asks
// next begins anew.
func (c *cache) settle(e *entry, part string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	kept := c.entries[e.name] == e
	if err == nil && !kept {
		err = context.Canceled // everybody left
	}
	if err == nil {
		err = os.Rename(part, filepath.Join(c.dir, e.name))
	}
	if err != nil {
		_ = os.Remove(part)
		if kept {
			c.forget(e)
		}
		if errors.Is(err, syscall.ENOSPC) { // room for the next try
			c.evict(0)
		}
	}
	e.err = err
	close(e.ready)
}

// forget takes an entry out. The lock is held.
func (c *cache) forget(e *entry) {
	delete(c.entries, e.name)
	c.bytes -= e.size
}

// leave ends a use; a copy that nobody waits for any more is not made.
func (c *cache) leave(e *entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e.users--
	e.used = time.Now()
	if e.users > 0 {
		return
	}
	select {
	case <-e.ready:
		c.evict(c.most)
	default:
		e.cancel()
		if c.entries[e.name] == e {
			c.forget(e)
		}
	}
}

// evict removes copies that nobody uses until all are at most so many bytes.
// The lock is held.
func (c *cache) evict(most int64) {
	for c.bytes > most {
		var oldest *entry
		for _, e := range c.entries {
			if e.users == 0 && (oldest == nil || e.used.Before(oldest.used)) {
				oldest = e
			}
		}
		if oldest == nil {
			return
		}
		_ = os.Remove(filepath.Join(c.dir, oldest.name))
		c.forget(oldest)
	}
}

// close removes the folder. What is still used or made loses its file.
func (c *cache) close() error {
	c.mu.Lock()
	closed := c.closed
	c.closed = true
	for _, e := range c.entries {
		e.cancel()
	}
	c.mu.Unlock()
	c.filling.Wait()
	if closed {
		return nil
	}
	return errors.Join(os.RemoveAll(c.dir), c.held.Close())
}
