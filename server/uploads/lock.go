package uploads

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"github.com/tus/tusd/v2/pkg/handler"
)

// locker gives an upload to one request at a time, over all servers that share
// the folder: first within this process, then by a lock of the system on the
// file of bytes. No lock outlives its process.
//
// Who comes asks the holder to let go, so that a connection that is dead, and
// not yet known to be, does not keep its client from going on: the holder in
// this process by its function, one elsewhere by a file that it looks for.
type locker struct {
	shelf *shelf
	mu    sync.Mutex
	held  map[string]*hold
}

type hold struct {
	letGo func()
	freed chan struct{}
}

const (
	// retryEvery is how often a lock that another process holds is tried.
	retryEvery = 100 * time.Millisecond
	// wantEvery is how often a holder looks whether somebody waits elsewhere.
	wantEvery = 500 * time.Millisecond
)

// lock waits for the upload and asks for it. The holder should release it soon
// after letGo was called; that may happen many times.
func (l *locker) lock(ctx context.Context, org, id string, letGo func()) (unlock func(), err error) {
	key, mine := place(org, id, ""), &hold{letGo, make(chan struct{})}
	file, err := l.take(ctx, org, id, mine, true)
	if err != nil {
		return nil, err
	}
	return l.unlocker(key, mine, file, l.listen(org, id, letGo)), nil
}

// await waits for the upload and disturbs nobody.
func (l *locker) await(ctx context.Context, org, id string) (unlock func(), err error) {
	mine := &hold{func() {}, make(chan struct{})}
	file, err := l.take(ctx, org, id, mine, false)
	if err != nil {
		return nil, err
	}
	return l.unlocker(place(org, id, ""), mine, file, func() {}), nil
}

func (l *locker) take(ctx context.Context, org, id string, mine *hold, ask bool) (*os.File, error) {
	key := place(org, id, "")
	for {
		l.mu.Lock()
		h := l.held[key]
		if h == nil {
			break
		}
		l.mu.Unlock()
		if ask {
			h.letGo()
		}
		select {
		case <-h.freed:
		case <-ctx.Done():
			return nil, handler.ErrLockTimeout
		}
	}
	l.held[key] = mine
	l.mu.Unlock()
	file, err := l.lockFile(ctx, org, id, ask)
	if err != nil {
		l.free(key, mine)
	}
	return file, err
}

// try takes an upload that nobody has, and disturbs nobody.
func (l *locker) try(org, id string) (unlock func(), ok bool) {
	now, cancel := context.WithCancel(context.Background())
	cancel()
	unlock, err := l.await(now, org, id)
	return unlock, err == nil
}

func (l *locker) free(key string, h *hold) {
	l.mu.Lock()
	delete(l.held, key)
	l.mu.Unlock()
	close(h.freed)
}

func (l *locker) unlocker(key string, h *hold, file *os.File, deaf func()) func() {
	return sync.OnceFunc(func() {
		deaf()
		_ = file.Close() // which frees the lock
		l.free(key, h)
	})
}

// lockFile takes the lock on the bytes, once at least.
func (l *locker) lockFile(ctx context.Context, org, id string, ask bool) (*os.File, error) {
	f, err := l.shelf.open(org, id, os.O_RDWR)
	if errors.Is(err, errAbsent) {
		return nil, handler.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	for {
		ok, err := lockFile(f)
		if ok {
			_ = l.shelf.root.Remove(place(org, id, wantFile))
			return f, nil
		}
		if err != nil {
			_ = f.Close()
			return nil, failure(err)
		}
		if ask {
			if want, err := l.shelf.root.OpenFile(place(org, id, wantFile), os.O_CREATE|os.O_WRONLY, 0o600); err == nil {
				_ = want.Close()
			}
		}
		select {
		case <-time.After(retryEvery):
		case <-ctx.Done():
			_ = f.Close()
			return nil, handler.ErrLockTimeout
		}
	}
}

// listen calls letGo when another process wants the upload, until deaf is called.
func (l *locker) listen(org, id string, letGo func()) (deaf func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(wantEvery)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				if _, err := l.shelf.root.Stat(place(org, id, wantFile)); err == nil {
					letGo()
				}
			}
		}
	}()
	return func() { close(done); <-ended }
}
