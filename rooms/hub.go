package rooms

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"reelroom/models"
)

// Hub brings the log to the listeners of this node. However many listen to an
// organization, the log is followed once; and not at all while nobody listens.
type Hub struct {
	log    Log
	logger *slog.Logger
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu     sync.Mutex
	closed bool
	orgs   map[string]*following

	tap               func(org string, events int) // set by Tap
	listeners         atomic.Int64
	delivered, resets atomic.Uint64
}

// linger is how long an organization is still followed after its last listener
// has gone: a page that is loaded again comes back at once.
const linger = 5 * time.Second

// Stats are a hub's figures for its node.
type Stats struct {
	// Organizations are followed at present, Listeners listen to them.
	Organizations, Listeners int
	// Delivered counts events, once per organization; Resets the times that
	// listeners were told to fetch the present state; Healed the gaps in live
	// delivery that were filled (0 where the log does not count them).
	Delivered, Resets, Healed uint64
}

// healer is a [Log] that counts the gaps it has filled.
type healer interface{ Healed() uint64 }

// NewHub makes a hub; [Hub.Close] it, or let [Hub.Run] do so.
func NewHub(log Log, logger *slog.Logger) *Hub {
	h := &Hub{log: log, logger: logger, orgs: make(map[string]*following)}
	h.ctx, h.cancel = context.WithCancel(context.Background())
	return h
}

// Tap lets f know how many events of an organization have come to this node. It
// must not wait. It is called before the first Subscribe.
func (h *Hub) Tap(f func(org string, events int)) { h.tap = f }

// Run waits for ctx to end and closes the hub.
func (h *Hub) Run(ctx context.Context) error {
	select {
	case <-ctx.Done():
	case <-h.ctx.Done():
	}
	h.Close()
	return nil
}

// Close ends every delivery and returns when none is under way; it may be
// called twice, but not from within a deliver.
func (h *Hub) Close() {
	h.mu.Lock()
	h.closed = true
	h.cancel()
	for _, f := range h.orgs {
		f.stopLinger()
	}
	h.mu.Unlock()
	h.wg.Wait()
}

// Stats returns the present figures.
func (h *Hub) Stats() Stats {
	h.mu.Lock()
	s := Stats{Organizations: len(h.orgs)}
	h.mu.Unlock()
	s.Listeners = int(h.listeners.Load())
	s.Delivered, s.Resets = h.delivered.Load(), h.resets.Load()
	if l, ok := h.log.(healer); ok {
		s.Healed = l.Healed()
	}
	return s
}

// Subscribe calls deliver, in order, with exactly the events after start, until
// cancel is called or the hub is closed. An empty slice means that events are
// gone: the present state must be fetched, and what follows head will come.
//
// deliver is called on one goroutine for the whole organization, with a slice
// that all its listeners share: it must neither wait nor change it. cancel may
// be called twice; it returns when deliver is not running and will not run
// again, except when it is called from within a deliver. ctx bounds Subscribe
// itself, not the subscription.
func (h *Hub) Subscribe(ctx context.Context, org string, deliver func(head Cursor, events []models.Event)) (start Cursor, cancel func(), err error) {
	f, err := h.join(org)
	if err != nil {
		return Cursor{}, nil, err
	}
	select {
	case <-f.ready:
	case <-ctx.Done():
		h.leave(f)
		return Cursor{}, nil, models.Errorf(models.CodeUnavailable, "Live events are not available at the moment.").Because(ctx.Err()).Again(time.Second)
	}
	l := &listener{deliver: deliver}
	if start, err = f.add(l); err != nil {
		h.leave(f)
		return Cursor{}, nil, err
	}
	h.listeners.Add(1)
	return start, func() {
		if l.cancelled.CompareAndSwap(false, true) {
			f.drop(l)
			h.listeners.Add(-1)
			h.leave(f)
		}
		l.wait()
	}, nil
}

// join finds or begins the following of an organization and keeps it alive
// until leave.
func (h *Hub) join(org string) (*following, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, models.Errorf(models.CodeUnavailable, "This server is stopping.").Again(time.Second)
	}
	f := h.orgs[org]
	if f == nil {
		f = &following{hub: h, org: org, ready: make(chan struct{}), listeners: make(map[*listener]struct{})}
		ctx, cancel := context.WithCancel(h.ctx)
		f.cancel = cancel
		h.orgs[org] = f
		h.wg.Go(func() {
			defer cancel()
			f.run(ctx)
		})
	}
	f.stopLinger()
	f.users++
	return f, nil
}

func (h *Hub) leave(f *following) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if f.users--; f.users > 0 || h.closed {
		return
	}
	f.linger = time.AfterFunc(linger, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if f.users == 0 {
			h.forget(f)
		}
	})
}

// forget ends a following; h.mu is held.
func (h *Hub) forget(f *following) {
	if h.orgs[f.org] == f {
		delete(h.orgs, f.org)
	}
	f.stopLinger()
	f.cancel()
}
