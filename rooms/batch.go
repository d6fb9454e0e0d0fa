package rooms

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"

	"reelroom/models"
)

const (
	// cancelAtOnce is how many videos of a batch are cancelled side by side.
	cancelAtOnce = 8
	// settleTries bounds how often a batch is looked at again because somebody
	// else was changing it.
	settleTries = 5
)

// Batches carries through what was decided about batches, in steps each of
// which may be the last before a crash: what is left is found again by the
// record, and doing it twice changes nothing.
type Batches struct {
	Store interface {
		models.Videos
		models.Batches
	}
	Publisher *Publisher
	// Cancelled is told of each video that was cancelled; nil tells nobody.
	Cancelled func(ctx context.Context, v *models.Video)
}

// Settle brings a batch as far as it can come: it closes one whose request has
// died, cancels the videos of one that shall end, and writes the outcome of one
// of which all has ended. It returns the record as it is after that, and the
// tally that belongs to it.
func (b *Batches) Settle(ctx context.Context, batch models.Batch) (models.Batch, models.BatchTally, error) {
	for try := 0; ; try++ {
		next, tally, err := b.settle(ctx, batch)
		if !errors.Is(err, models.ErrStale) || try >= settleTries {
			return next, tally, err
		}
		if batch, err = b.Store.Batch(ctx, batch.OrganizationID, batch.ID); err != nil {
			return batch, tally, err
		}
	}
}

func (b *Batches) settle(ctx context.Context, batch models.Batch) (models.Batch, models.BatchTally, error) {
	org, id := batch.OrganizationID, batch.ID
	tally, err := b.Store.TallyBatch(ctx, org, id)
	if err != nil {
		return batch, tally, err
	}
	if batch.Receiving() {
		next, err := b.Store.AdvanceBatch(ctx, org, id, models.BatchAbandoned(tally.Present()))
		if err == nil {
			batch = next
		} else if !errors.Is(err, models.ErrLeased) {
			return batch, tally, err
		}
	}
	if !batch.CancelledAt.IsZero() && batch.Outcome == "" && tally.Open()+tally.Retrying > 0 {
		if err := b.cancel(ctx, &batch); err != nil {
			return batch, tally, err
		}
		if tally, err = b.Store.TallyBatch(ctx, org, id); err != nil {
			return batch, tally, err
		}
	}
	return b.Finish(ctx, batch, tally)
}

// Finish writes the outcome of a batch if all of it has ended by the tally,
// which was taken after the record was read. [models.ErrStale] tells that the
// record has changed since.
func (b *Batches) Finish(ctx context.Context, batch models.Batch, tally models.BatchTally) (models.Batch, models.BatchTally, error) {
	outcome := batch.Ends(tally)
	if outcome == "" || batch.Outcome != "" {
		return batch, tally, nil
	}
	next, err := b.Store.AdvanceBatch(ctx, batch.OrganizationID, batch.ID, models.FinishBatch(batch.Version, outcome))
	if err != nil {
		return batch, tally, err
	}
	b.Publisher.Counted(ctx, FigureBatches, string(outcome), 1)
	return next, tally, nil
}

// cancel ends every video of the batch that has not ended. Whatever one of them
// meets, the others are cancelled; the first error is returned.
func (b *Batches) cancel(ctx context.Context, batch *models.Batch) error {
	var group errgroup.Group
	group.SetLimit(cancelAtOnce)
	page := models.Page{Limit: 100, Batch: batch.ID, Status: []models.Status{models.StatusQueued, models.StatusProcessing}}
	var read error
	for ctx.Err() == nil {
		found, err := b.Store.List(ctx, batch.OrganizationID, page)
		if err != nil {
			read = err
			break
		}
		for i := range found.Videos {
			v := found.Videos[i]
			group.Go(func() error { return b.cancelOne(ctx, batch, &v) })
		}
		if page.After = found.NextCursor; page.After == "" {
			break
		}
	}
	return errors.Join(read, group.Wait(), ctx.Err())
}

func (b *Batches) cancelOne(ctx context.Context, batch *models.Batch, v *models.Video) error {
	entry := models.AuditEntry{ID: models.DerivedID("batch", batch.ID, v.ID), By: batch.CancelledBy, Action: models.AuditCancel}
	next, err := b.Publisher.Advance(ctx, v.OrganizationID, v.ID, models.Audited(models.Cancel(), entry))
	if errors.Is(err, models.ErrConflict) || errors.Is(err, models.ErrNotFound) {
		return nil // it has ended by itself, or was deleted
	}
	if err == nil && b.Cancelled != nil {
		b.Cancelled(ctx, &next)
	}
	return err
}
