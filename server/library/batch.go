package library

import (
	"context"
	"errors"

	"reelroom/models"
	"reelroom/rooms"
)

const (
	// maxRunning bounds how many videos of a batch are looked at one by one: those
	// that workers have in their hands.
	maxRunning = 1000
	// looks bounds how often a batch is read again because it was changing.
	looks = 5
)

// BatchStatus returns where a batch stands: from its record, one count over an
// index, and the videos that are with a worker.
func (l *Library) BatchStatus(ctx context.Context, who models.Identity, id string) (models.BatchState, error) {
	b, err := l.batch(ctx, who, models.ActionView, id)
	if err != nil {
		return models.BatchState{}, err
	}
	return l.batchState(ctx, b)
}

// CancelBatch ends all of a batch that has not ended. The wish is kept first:
// what this call does not get done, the upkeep does. [models.ErrBatchEnded] when
// the batch had ended before; one that was cancelled answers with its state.
func (l *Library) CancelBatch(ctx context.Context, who models.Identity, id string) (models.BatchState, error) {
	b, err := l.batch(ctx, who, models.ActionEdit, id)
	if err != nil {
		return models.BatchState{}, err
	}
	before, err := l.batchState(ctx, b) // writes the outcome, if there is one
	if err != nil || before.Status == models.BatchCancelled {
		return before, err
	}
	b, err = l.Batches.AdvanceBatch(ctx, who.OrganizationID, id, models.CancelBatch(who.UserID))
	if err != nil {
		return models.BatchState{}, err
	}
	settling, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	if b, _, err = l.settler().Settle(settling, b); err != nil {
		l.Logger.Warn("not all of a batch could be cancelled at once; the upkeep goes on", "organization", who.OrganizationID, "batch", id, "error", err)
	}
	return l.batchState(ctx, b)
}

// batch reads a batch of the member's own organization.
func (l *Library) batch(ctx context.Context, who models.Identity, a models.Action, id string) (models.Batch, error) {
	if err := may(who, a); err != nil {
		return models.Batch{}, err
	}
	if !models.ValidID(id) {
		return models.Batch{}, models.ErrNoBatch
	}
	return l.Batches.Batch(ctx, who.OrganizationID, id)
}

func (l *Library) settler() *rooms.Batches {
	return &rooms.Batches{Store: batchStore{l.Store, l.Batches}, Publisher: l.Publisher, Cancelled: l.forget}
}

type batchStore struct {
	models.Videos
	models.Batches
}

// batchState makes the state of a record that was just read. An end is written
// before it is told: nobody sees a batch end twice.
func (l *Library) batchState(ctx context.Context, b models.Batch) (models.BatchState, error) {
	for look := 1; ; look++ {
		tally, err := l.Batches.TallyBatch(ctx, b.OrganizationID, b.ID)
		if err != nil {
			return models.BatchState{}, err
		}
		b, tally, err = l.settler().Finish(ctx, b, tally)
		if err == nil {
			s, steady, err := l.stateOf(ctx, &b, tally)
			if err != nil || steady || look >= looks {
				return s, err
			}
		} else if !errors.Is(err, models.ErrStale) || look >= looks {
			return models.BatchState{}, err
		}
		if b, err = l.Batches.Batch(ctx, b.OrganizationID, b.ID); err != nil {
			return models.BatchState{}, err
		}
	}
}

// stateOf makes the state of a record and the tally that belongs to it. It is not
// steady when a video ended while those that run were read: that one's share
// would be in neither.
func (l *Library) stateOf(ctx context.Context, b *models.Batch, tally models.BatchTally) (s models.BatchState, steady bool, err error) {
	if b.Outcome != "" || b.Receiving() || tally.Running == 0 {
		return b.State(tally, nil, l.now()), true, nil
	}
	running, err := l.running(ctx, b)
	if err != nil {
		return s, false, err
	}
	after, err := l.Batches.TallyBatch(ctx, b.OrganizationID, b.ID)
	if err != nil {
		return s, false, err
	}
	return b.State(tally, running, l.now()), after.Open() == tally.Open(), nil
}

// running reads the videos that workers have in their hands, in their first
// attempt.
func (l *Library) running(ctx context.Context, b *models.Batch) (running []models.Document, err error) {
	page := models.Page{Limit: 100, Batch: b.ID, Status: []models.Status{models.StatusProcessing}}
	for len(running) < maxRunning {
		found, err := l.Store.List(ctx, b.OrganizationID, page)
		if err != nil {
			return nil, err
		}
		first := found.Videos[:0]
		for _, v := range found.Videos {
			if v.Attempt == 1 {
				first = append(first, v)
			}
		}
		running = append(running, l.documents(ctx, b.OrganizationID, first)...)
		if page.After = found.NextCursor; page.After == "" {
			break
		}
	}
	return running, nil
}
