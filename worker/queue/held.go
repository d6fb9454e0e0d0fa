package queue

import (
	"context"
	"sync"
	"time"

	"reelroom/models"
)

// held is what this worker has taken from the order and not left.
type held struct {
	mu    sync.Mutex
	taken map[taken]struct{}
}

func (h *held) add(t taken) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.taken == nil {
		h.taken = map[taken]struct{}{}
	}
	h.taken[t] = struct{}{}
}

func (h *held) drop(t taken) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.taken, t)
}

func (h *held) all() []taken {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := make([]taken, 0, len(h.taken))
	for t := range h.taken {
		all = append(all, t)
	}
	return all
}

// keep renews what is held until ctx ends. A Redis that is away is left to the
// record's lease: nothing is lost but the place.
func (w *Worker) keep(ctx context.Context) {
	ticker := time.NewTicker(models.HeartbeatEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if all := w.held.all(); len(all) > 0 {
			calling, cancel := context.WithTimeout(ctx, leaveTime)
			if err := w.Client.order.renew(calling, all); err != nil {
				w.Logger.Debug("what is worked on was not renewed in the order", "error", err)
			}
			cancel()
		}
	}
}
