package queue

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"reelroom/models"
	"reelroom/rooms"
)

const (
	// reconcileEvery is the pause between two passes; a quarter of it is
	// random, so that many processes do not look at the same moment.
	reconcileEvery = 4 * time.Second
	// settleAfter spares records that their own writer is about to settle.
	settleAfter = 3 * time.Second
	// batch is how many records are read at a time.
	batch = 200
	// askAgain is how long a task that was asked for is taken to be in the
	// queue; maxAsked bounds how many are remembered.
	askAgain = 20 * time.Second
	maxAsked = 50_000
)

// Reconciler makes the queue, the log and the blobs agree with the records. It
// runs in every process, and doing its work twice changes nothing: a video
// that should be worked on has a task, a revision that clients may have missed
// is published, a deleted video leaves nothing behind.
type Reconciler struct {
	Store     models.Store
	Blobs     models.Blobs
	Queue     models.Queue
	Publisher *rooms.Publisher
	Logger    *slog.Logger

	asked map[models.Task]time.Time
}

// Run makes a first pass at once, which takes up what a stopped installation
// left unfinished, and goes on until ctx ends.
func (r *Reconciler) Run(ctx context.Context) error {
	first, quiet := true, false
	for {
		err := r.Pass(ctx, first)
		if err != nil && ctx.Err() == nil && !quiet {
			r.Logger.Warn("reconciling will be tried again", "error", err)
		}
		first, quiet = first && err != nil, err != nil
		pause := time.NewTimer(reconcileEvery*3/4 + rand.N(reconcileEvery/2))
		select {
		case <-ctx.Done():
			pause.Stop()
			return nil
		case <-pause.C:
		}
	}
}

// Pass looks at every unsettled record once. With all set, records that were
// touched a moment ago are not spared. It goes on after a record that could
// not be settled and returns the first such error, but ends where a service is
// away.
func (r *Reconciler) Pass(ctx context.Context, all bool) error {
	var after models.VideoRef
	var first error
	for {
		videos, err := r.Store.Unsettled(ctx, after, batch)
		if err != nil {
			return err
		}
		for i := range videos {
			v := &videos[i]
			after = models.VideoRef{CreatedAt: v.CreatedAt, OrganizationID: v.OrganizationID, VideoID: v.ID}
			if !all && time.Since(v.UpdatedAt) < settleAfter && time.Since(v.UpdatedAt) >= 0 {
				continue
			}
			err := r.settle(ctx, v, all)
			if models.CodeOf(err) == models.CodeUnavailable {
				return err
			}
			if err != nil && first == nil {
				first = err
			}
		}
		if len(videos) < batch || ctx.Err() != nil {
			return first
		}
	}
}

func (r *Reconciler) settle(ctx context.Context, v *models.Video, all bool) error {
	if v.Unpublished() {
		if err := r.Publisher.Settle(ctx, v); err != nil {
			return err
		}
	}
	switch {
	case v.Status == models.StatusDeleted:
		if folder := v.Folder(); folder != "" {
			if err := r.Blobs.Delete(ctx, v.OrganizationID, folder); err != nil {
				return err
			}
		}
		if err := r.Store.Purge(ctx, v.OrganizationID, v.ID); !errors.Is(err, models.ErrNotFound) {
			return err
		}
	case !v.Status.Terminal():
		return r.ask(ctx, models.TaskOf(v), all)
	}
	return nil
}

// ask enqueues a task unless that was done a moment ago.
func (r *Reconciler) ask(ctx context.Context, t models.Task, all bool) error {
	now := time.Now()
	if last, ok := r.asked[t]; ok && !all && now.Sub(last) < askAgain {
		return nil
	}
	if err := r.Queue.Enqueue(ctx, t.OrganizationID, t); err != nil {
		return err
	}
	if len(r.asked) >= maxAsked {
		clear(r.asked)
	}
	if r.asked == nil {
		r.asked = map[models.Task]time.Time{}
	}
	r.asked[t] = now
	return nil
}
