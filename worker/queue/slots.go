package queue

import (
	"context"
	"errors"
	"sync"

	"golang.org/x/sync/semaphore"

	"reelroom/models"
)

// slots are how many videos a worker processes at a time. Whoever wants all of
// them waits for those under way, and no other starts before it: the wait is
// bounded by the videos that are being processed.
type slots struct {
	once  sync.Once
	free  *semaphore.Weighted
	total int64
}

// slot is one of them, or all.
type slot struct {
	of   *slots
	size int64
}

// take waits for one of total slots until ctx ends.
func (s *slots) take(ctx context.Context, total int) (*slot, error) {
	s.once.Do(func() {
		s.total = int64(max(total, 1))
		s.free = semaphore.NewWeighted(s.total)
	})
	if err := s.free.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	return &slot{of: s, size: 1}, nil
}

// takeAll gives the slot up and waits for all of them.
func (s *slot) takeAll(ctx context.Context) error {
	s.release()
	if err := s.of.free.Acquire(ctx, s.of.total); err != nil {
		return err
	}
	s.size = s.of.total
	return nil
}

// alone reports whether there is no other.
func (s *slot) alone() bool { return s.size == s.of.total }

func (s *slot) release() {
	s.of.free.Release(s.size)
	s.size = 0
}

// handleIn runs the handler in the slot. A video that must be processed alone is
// kept until those beside it are done; its worker starts nothing meanwhile.
func (w *Worker) handleIn(ctx context.Context, s *slot, t models.Task) error {
	t.Alone = s.alone()
	err := w.handle(ctx, t)
	if t.Alone || !errors.Is(err, models.ErrAlone) {
		return err
	}
	w.Logger.Info("a video whose workers were lost is processed alone; the worker waits until those beside it are done",
		"organization", t.OrganizationID, "video", t.VideoID)
	if err := s.takeAll(ctx); err != nil {
		return err
	}
	t.Alone = true
	return w.handle(ctx, t)
}
