package pipeline

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"reelroom/models"
	"reelroom/rooms"
)

const (
	// storeTime bounds how long a stage, and its end, wait for a store that is
	// away: what was done is not done again, and nobody takes this worker for
	// dead. The fence keeps a late write harmless.
	storeTime = 15 * time.Minute
	// releaseTime bounds the good-bye of a worker that is told to stop.
	releaseTime = 3 * time.Second
	// heartbeatAgain is the pause after a heartbeat, or another write, that failed. When the store
	// comes back after a lease has run out, the worker that lives should be there
	// before somebody takes it for dead: that counts as a crash.
	heartbeatAgain = 250 * time.Millisecond
)

// guard watches over a claimed video: it renews the lease, and ends the
// returned context with [models.ErrStale] when the video is no longer ours:
// taken over, cancelled, deleted or ended from outside. An event that somebody else caused makes it
// look at once; only a heartbeat, which the fence has checked, raises the
// revision that progress carries. stop must be called; it waits.
func (p *Pipeline) guard(ctx context.Context, video *models.Video, progress *progress, logger *slog.Logger) (working context.Context, stop func()) {
	working, cancel := context.WithCancelCause(ctx)
	org, id, fence, claimed := video.OrganizationID, video.ID, video.Fence, video.Rev
	look := make(chan struct{}, 1)
	again := func() {
		select {
		case look <- struct{}{}:
		default:
		}
	}
	// The live events may be away for long; the lease does not wait for them.
	subscribed := make(chan func(), 1)
	go func() {
		_, leave, err := p.Hub.Subscribe(working, org, func(_ rooms.Cursor, events []models.Event) {
			news := len(events) == 0 // something was missed
			for i := range events {
				e := &events[i]
				if e.VideoID != id || !e.Transition {
					continue
				}
				// The events of this node may be behind: an end before the claim is
				// that of an earlier attempt.
				if e.Rev > claimed && (e.Name == models.EventCancelled || e.Name == models.EventDeleted) {
					cancel(models.ErrStale)
				}
				news = news || progress.older(e.Rev)
			}
			if news {
				again()
			}
		})
		if err == nil {
			again() // it may have been cancelled before
		} else if leave = func() {}; working.Err() == nil {
			logger.Warn("a cancellation will be seen at the next heartbeat only", "error", err)
		}
		subscribed <- leave
	}()
	done := make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(models.HeartbeatEvery)
		defer ticker.Stop()
		for failing := false; ; {
			select {
			case <-working.Done():
				return
			case <-look:
			case <-ticker.C:
			}
			v, err := p.Videos.Advance(working, org, id, models.Heartbeat(fence))
			switch {
			case errors.Is(err, models.ErrStale), errors.Is(err, models.ErrNotFound):
				cancel(models.ErrStale)
			case err == nil:
				progress.newer(v.Rev)
				if failing {
					failing = false
					ticker.Reset(models.HeartbeatEvery)
				}
			case working.Err() == nil && !failing:
				logger.Warn("heartbeat failed; it is tried again until the store answers", "error", err)
				failing = true
				ticker.Reset(heartbeatAgain)
			}
		}
	}()
	return working, func() {
		cancel(nil)
		(<-subscribed)()
		<-done
	}
}

// advance publishes a transition and outlasts the store.
func (p *Pipeline) advance(ctx context.Context, video *models.Video, t models.Transition) (models.Video, error) {
	return outlast(ctx, func(ctx context.Context) (models.Video, error) {
		return p.Publisher.Advance(ctx, video.OrganizationID, video.ID, t)
	})
}

// outlast repeats a call of a store that is away, or full, for [storeTime] at
// most.
func outlast[T any](ctx context.Context, call func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, storeTime)
	defer cancel()
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, heartbeatAgain) {
		v, err := call(ctx)
		if code := models.CodeOf(err); code != models.CodeUnavailable && code != models.CodeStorageFull {
			return v, err
		}
		if !sleep(ctx, pause) {
			return v, err
		}
	}
}

// fail ends the video with the error's code and safe words; the cause goes to
// the log. Trouble that may pass puts the video off instead, and outlasts a
// store that is away as well: a lease that runs out would count as a crash.
func (p *Pipeline) fail(ctx context.Context, video *models.Video, stage models.Stage, err error, logger *slog.Logger) error {
	e := troubleOf(err)
	if e.Code == models.CodeStalled && video.Delays == 0 {
		// A machine that has too much to do, or whose disk hangs, looks the same.
		e = e.Again(0)
	}
	logTrouble(logger, stage, e, err)
	failure := models.Failure{Code: e.Code, Stage: stage, Message: e.Message}
	change := models.Fail(video.Fence, failure)
	if e.Retry {
		change = models.PutOff(video.Fence, failure)
	}
	next, err := p.advance(ctx, video, change)
	switch {
	case errors.Is(err, models.ErrStale):
		p.survived(ctx, video, logger)
		return nil
	case errors.Is(err, models.ErrNotFound):
		return nil
	case err == nil && e.Retry && !next.Status.Terminal():
		logger.Info("the video is put off", "stage", stage, "retry", next.Delays, "retryAt", next.RetryAt())
	case err == nil && e.Retry:
		logger.Warn("the video was put off too often", "stage", stage, "code", e.Code)
	case err != nil && ctx.Err() != nil: // told to stop meanwhile
		p.giveBack(ctx, video, change, logger)
	}
	return err
}

// survived takes back what was noted against this worker when its lease ran out:
// it was only paused, or cut off from the store.
func (p *Pipeline) survived(ctx context.Context, video *models.Video, logger *slog.Logger) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTime)
	defer cancel()
	_, err := outlast(ctx, func(ctx context.Context) (models.Video, error) {
		return p.Videos.Advance(ctx, video.OrganizationID, video.ID, models.Survived(p.Worker))
	})
	switch {
	case err == nil:
		logger.Info("another worker took the video over while this one was paused or cut off; nothing crashed")
	case !errors.Is(err, models.ErrConflict) && !errors.Is(err, models.ErrNotFound):
		logger.Warn("the lapse of this worker's lease stays noted", "error", err)
	}
}

// giveBack lets go of the video, also when ctx has ended.
func (p *Pipeline) giveBack(ctx context.Context, video *models.Video, t models.Transition, logger *slog.Logger) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTime)
	defer cancel()
	_, err := p.Publisher.Advance(ctx, video.OrganizationID, video.ID, t)
	switch {
	case errors.Is(err, models.ErrStale):
		p.survived(ctx, video, logger)
	case err != nil && !errors.Is(err, models.ErrNotFound):
		logger.Warn("the lease will run out by itself", "error", err)
	}
}
