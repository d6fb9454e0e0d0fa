package queue

import (
	"context"
	"errors"
	"fmt"
	"time"

	"reelroom/models"
)

const (
	// maxSkips bounds the videos without work that one permit passes over.
	maxSkips = 1000
	// leaveTime bounds the word about what became of a video. It is said also
	// when the worker was told to stop.
	leaveTime = 2 * time.Second
)

// use spends a permit: it works on the video that is next. Those with nothing
// to be done (cancelled since, or held by another worker) do not use it up.
func (w *Worker) use(ctx context.Context, own models.Task) error {
	slot, err := w.slots.take(ctx, w.Concurrency)
	if err != nil {
		return err
	}
	defer slot.release()
	for range maxSkips {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		next, waited, ok, err := w.Client.order.take(ctx, own)
		if err != nil {
			return fmt.Errorf("ask for the next video: %w", err)
		}
		if !ok {
			return nil
		}
		w.held.add(next)
		err = w.handleIn(ctx, slot, next.task)
		w.held.drop(next)
		how := leaveDone
		switch {
		case err == nil:
		case nothingToDo(err):
			how = leaveSkip
			w.Client.counts.skipped.Add(1)
			if models.CodeOf(err) == models.CodePoison {
				w.Client.counts.poisoned.Add(1)
			}
		case ctx.Err() != nil:
			return w.giveBack(ctx, next, err)
		default:
			how = leaveRest
		}
		w.leave(ctx, next, how)
		if how != leaveSkip {
			return err
		}
		if !waited {
			return nil
		}
	}
	return nil
}

// nothingToDo tells by the handler's error that the video needs no work now.
// The record says when it does, and the reconciler reads it.
func nothingToDo(err error) bool {
	return errors.Is(err, models.ErrNotFound) || errors.Is(err, models.ErrConflict) || errors.Is(err, models.ErrLeased) ||
		models.CodeOf(err) == models.CodePoison
}

func (w *Worker) leave(ctx context.Context, t taken, how string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTime)
	defer cancel()
	if err := w.Client.order.leave(ctx, t, how); err != nil {
		w.Logger.Debug("the order was not told what became of a video; it will be asked for again", "error", err)
	}
}

// giveBack puts the video of a worker that is told to stop first in line, with
// a permit of its own, so that another worker goes on at once.
func (w *Worker) giveBack(ctx context.Context, t taken, cause error) error {
	w.leave(ctx, t, leaveBack)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTime)
	defer cancel()
	t.task.Begun = true
	if err := w.Client.Enqueue(ctx, t.task.OrganizationID, t.task); err != nil {
		return cause // asynq tries again
	}
	w.Client.counts.returned.Add(1)
	return nil
}
