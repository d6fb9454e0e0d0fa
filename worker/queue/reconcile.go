package queue

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"reelroom/models"
	"reelroom/rooms"
)

const (
	// reconcileEvery is the pause between two passes; a quarter of it is
	// random, so that many processes do not look at the same moment. Where a
	// pass takes long the pause is reconcileShare times that, but no longer
	// than reconcileLatest.
	reconcileEvery  = 2 * time.Second
	reconcileShare  = 10
	reconcileLatest = 8 * time.Second
	// settleAfter spares records that their own writer is about to settle.
	settleAfter = 3 * time.Second
	// batch is how many records are read at a time.
	batch = 200
	// removeTime is how long removals may fail in one pass before the others are
	// left for the next.
	removeTime = 5 * time.Second
)

// Reconciler makes the queue, the log and the blobs agree with the records. It
// runs in every process, and doing its work twice changes nothing: a video
// that should be worked on is in line (never enqueued, lost with Redis, its
// worker dead, its pause over), there is a permit for it (asynq may have archived
// one, or hold it for a dead worker), a revision that clients may have missed is
// published, a deleted video leaves nothing behind.
type Reconciler struct {
	Store     models.Store
	Blobs     models.Blobs
	Queue     *Client
	Publisher *rooms.Publisher
	Logger    *slog.Logger

	away atomic.Bool // the store was, at the last pass
}

// Run makes a first pass at once, which takes up what a stopped installation
// left unfinished, and goes on until ctx ends.
func (r *Reconciler) Run(ctx context.Context) error {
	first, quiet := true, false
	for {
		began := time.Now()
		err := r.Pass(ctx, first)
		if err != nil && ctx.Err() == nil && !quiet {
			r.Logger.Warn("reconciling will be tried again", "error", err)
		}
		first, quiet = first && err != nil, err != nil
		every := min(max(reconcileEvery, reconcileShare*time.Since(began)), reconcileLatest)
		pause := time.NewTimer(every*3/4 + rand.N(every/2))
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
// not be settled, or whose files cannot be removed, and returns the first such
// error, but ends where the store or Redis is away. A lease that ran out while
// the store was away is left for the next pass: its worker may live.
func (r *Reconciler) Pass(ctx context.Context, all bool) error {
	var after models.VideoRef
	var first error
	var failing time.Duration // of removals
	wasAway := r.away.Swap(false)
	for {
		videos, err := r.Store.Unsettled(ctx, after, batch)
		if err != nil {
			r.away.Store(models.CodeOf(err) == models.CodeUnavailable)
			return err
		}
		var wanted []models.Task
		for i := range videos {
			v := &videos[i]
			after = models.VideoRef{CreatedAt: v.CreatedAt, OrganizationID: v.OrganizationID, VideoID: v.ID}
			if !all && time.Since(v.UpdatedAt) < settleAfter && time.Since(v.UpdatedAt) >= 0 {
				continue
			}
			// A record that is here because of a publication may have a live
			// lease; whether it has, only the store's clock knows.
			free := v.Status == models.StatusQueued || v.Status == models.StatusProcessing && !v.Unpublished()
			// Files go before anything is written: the disk may be full.
			empty := false
			if v.Status == models.StatusDeleted && failing < removeTime {
				began := time.Now()
				lost := r.empty(ctx, v)
				if empty = lost == nil; !empty {
					failing += time.Since(began)
				}
				if first == nil {
					first = lost
				}
			}
			err := r.settle(ctx, v)
			if err == nil && empty {
				err = r.purge(ctx, v)
			}
			if models.CodeOf(err) == models.CodeUnavailable {
				return err
			}
			if err != nil && first == nil {
				first = err
			}
			if free && (v.Lease.Worker == "" || !wasAway) {
				wanted = append(wanted, models.TaskOf(v))
			}
		}
		if err := r.ask(ctx, wanted); err != nil {
			return err
		}
		if len(videos) < batch || ctx.Err() != nil {
			break
		}
	}
	if err := r.Queue.heal(ctx); err != nil {
		return err
	}
	return first
}

// settle publishes what may not have been told.
func (r *Reconciler) settle(ctx context.Context, v *models.Video) error {
	if !v.Unpublished() {
		return nil
	}
	if err := r.Publisher.Settle(ctx, v); err != nil {
		return err
	}
	r.Queue.counts.republished.Add(1)
	return nil
}

// empty removes the files of a deleted video.
func (r *Reconciler) empty(ctx context.Context, v *models.Video) error {
	if folder := v.Folder(); folder != "" {
		return r.Blobs.Delete(ctx, v.OrganizationID, folder)
	}
	return nil
}

// purge removes the record of a deleted video; another process may have.
func (r *Reconciler) purge(ctx context.Context, v *models.Video) error {
	if err := r.Store.Purge(ctx, v.OrganizationID, v.ID); !errors.Is(err, models.ErrNotFound) {
		return err
	}
	return nil
}

// ask enqueues those of the tasks that the order does not know.
func (r *Reconciler) ask(ctx context.Context, wanted []models.Task) error {
	lacking, err := r.Queue.lacking(ctx, wanted)
	if err != nil {
		return err
	}
	for _, t := range lacking {
		if err := r.Queue.Enqueue(ctx, t.OrganizationID, t); err != nil {
			return err
		}
		if t.Begun {
			r.Queue.counts.reclaimed.Add(1)
		}
	}
	return nil
}
