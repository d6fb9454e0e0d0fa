package pipeline

import (
	"context"
	"time"

	"reelroom/models"
	"reelroom/rooms"
)

// batchesRead is how many batches are read at a time.
const batchesRead = 100

// batches carries through what is left of batches: those whose request died with
// its server, those whose cancelling was interrupted, and those of which all has
// ended and nobody has looked since. It goes on after one that fails, and returns
// the first such error.
func (u *Upkeep) batches(ctx context.Context) error {
	settler := rooms.Batches{Store: u.Store, Publisher: u.Publisher}
	var first error
	for after := (models.BatchRef{}); ctx.Err() == nil; {
		found, err := u.Store.UnsettledBatches(ctx, after, batchesRead)
		if err != nil {
			return err
		}
		for i := range found {
			after = found[i].Ref()
			_, _, err := settler.Settle(ctx, found[i])
			if models.CodeOf(err) == models.CodeUnavailable || ctx.Err() != nil {
				return err
			}
			if err != nil && first == nil && models.CodeOf(err) != models.CodeStale {
				first = err
			}
		}
		if len(found) < batchesRead {
			break
		}
	}
	return first
}

// trimBatches forgets batches that ended long ago.
func (u *Upkeep) trimBatches(ctx context.Context, now time.Time) error {
	n, err := u.Store.TrimBatches(ctx, now.Add(-models.BatchTime))
	if err == nil && n > 0 {
		u.Logger.Info("old batches were forgotten; their videos stay", "batches", n)
	}
	return err
}
