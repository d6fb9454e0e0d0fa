package rooms

import (
	"context"
	"maps"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"reelroom/models"
)

// following is one organization that a hub follows.
type following struct {
	hub    *Hub
	org    string
	cancel context.CancelFunc
	ready  chan struct{} // closed when at or err is known

	users  int         // listeners and those about to be; guarded by hub.mu
	linger *time.Timer // guarded by hub.mu

	mu        sync.Mutex
	started   bool
	err       error  // why nothing is followed
	at        Cursor // the last place handed out
	listeners map[*listener]struct{}
	snapshot  []*listener // of listeners; nil when out of date
}

// refollowPause is the wait before a log that gave up is followed again.
const refollowPause = time.Second

// run follows the log until ctx ends. When the first head cannot be had, those
// who wait for it are told and the following is forgotten.
func (f *following) run(ctx context.Context) {
	for {
		err := f.hub.log.Follow(ctx, f.org, f.begin, f.tell)
		f.mu.Lock()
		started := f.started
		if !started {
			if err == nil || ctx.Err() != nil {
				err = models.Errorf(models.CodeUnavailable, "This server is stopping.").Again(time.Second)
			}
			f.err = err
		}
		f.mu.Unlock()
		if !started {
			f.hub.mu.Lock()
			f.hub.forget(f)
			f.hub.mu.Unlock()
			close(f.ready)
			return
		}
		if ctx.Err() != nil {
			return
		}
		f.hub.logger.Warn("the log is followed again", "organization", f.org, "error", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(refollowPause):
		}
	}
}

// begin notes the head from which the log is followed. What was missed since
// an earlier following is not known: listeners fetch the present state.
func (f *following) begin(head Cursor) {
	f.mu.Lock()
	again, missed := f.started, f.at != head
	f.started = true
	if !again {
		f.at = head
	}
	f.mu.Unlock()
	if !again {
		close(f.ready)
	} else if missed {
		f.tell(head, nil)
	}
}

// tell hands events to everybody who listened when they came.
func (f *following) tell(head Cursor, events []models.Event) {
	f.mu.Lock()
	f.at = head
	if f.snapshot == nil {
		f.snapshot = slices.AppendSeq(make([]*listener, 0, len(f.listeners)), maps.Keys(f.listeners))
	}
	listeners := f.snapshot
	f.mu.Unlock()
	if len(events) == 0 {
		f.hub.resets.Add(1)
	}
	f.hub.delivered.Add(uint64(len(events)))
	if f.hub.tap != nil && len(events) > 0 {
		f.hub.tap(f.org, len(events))
	}
	for _, l := range listeners {
		if r, stack := l.call(head, events); r != nil {
			f.hub.logger.Error("a listener of live events panicked", "organization", f.org, "panic", r, "stack", string(stack))
		}
	}
}

func (f *following) add(l *listener) (Cursor, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return Cursor{}, f.err
	}
	f.listeners[l] = struct{}{}
	f.snapshot = nil
	return f.at, nil
}

func (f *following) drop(l *listener) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.listeners, l)
	f.snapshot = nil
}

func (f *following) stopLinger() {
	if f.linger != nil {
		f.linger.Stop()
		f.linger = nil
	}
}

// listener is one subscription.
type listener struct {
	deliver   func(head Cursor, events []models.Event)
	cancelled atomic.Bool
	calling   sync.Mutex // held while deliver runs
	lost      bool       // deliver panicked; guarded by calling
}

// call runs deliver and returns what it panicked with. Nobody knows what a
// panicking listener has shown, so the next time it is told to start anew.
func (l *listener) call(head Cursor, events []models.Event) (panicked any, stack []byte) {
	l.calling.Lock()
	defer l.calling.Unlock()
	if l.cancelled.Load() {
		return nil, nil
	}
	if l.lost {
		events, l.lost = nil, false
	}
	defer func() {
		if panicked = recover(); panicked != nil {
			l.lost, stack = true, debug.Stack()
		}
	}()
	l.deliver(head, events)
	return nil, nil
}

// wait returns when the cancelled listener is no longer being called, or at
// once when the caller is itself within a deliver.
func (l *listener) wait() {
	if l.calling.TryLock() || !insideDeliver() && l.lock() {
		l.calling.Unlock()
	}
}

func (l *listener) lock() bool {
	l.calling.Lock()
	return true
}

// insideDeliver reports whether this goroutine is running a listener's deliver:
// waiting for its end would never end. Go tells no goroutine who it is, but it
// does tell its callers.
func insideDeliver() bool {
	var pcs [64]uintptr
	for skip := 2; ; skip += len(pcs) {
		n := runtime.Callers(skip, pcs[:])
		frames := runtime.CallersFrames(pcs[:n])
		for {
			frame, more := frames.Next()
			if strings.HasSuffix(frame.Function, "rooms.(*listener).call") {
				return true
			}
			if !more {
				break
			}
		}
		if n < len(pcs) {
			return false
		}
	}
}
