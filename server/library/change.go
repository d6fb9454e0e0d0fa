package library

import (
	"context"
	"log/slog"

	"reelroom/models"
)

// Cancel ends unfinished work; [models.ErrConflict] when it has ended.
func (l *Library) Cancel(ctx context.Context, who models.Identity, id string) (models.Document, error) {
	if err := check(who, models.ActionEdit, id); err != nil {
		return models.Document{}, err
	}
	v, err := l.advance(ctx, who, id, models.AuditCancel, models.Cancel(), "")
	if err != nil {
		return models.Document{}, err
	}
	l.forget(ctx, &v)
	return l.document(ctx, &v), nil
}

// Retry starts the next attempt of a failed or cancelled video, at the stage
// that had not finished or, with fromStart, at the first; [models.ErrConflict]
// for any other video.
func (l *Library) Retry(ctx context.Context, who models.Identity, id string, fromStart bool) (models.Document, error) {
	if err := check(who, models.ActionEdit, id); err != nil {
		return models.Document{}, err
	}
	if err := l.admit(ctx, who.OrganizationID); err != nil {
		return models.Document{}, err
	}
	v, err := l.advance(ctx, who, id, models.AuditRetry, models.Retry(fromStart), "")
	if err != nil {
		return models.Document{}, err
	}
	l.enqueue(ctx, &v)
	return l.document(ctx, &v), nil
}

// Rename changes the title; it returns [models.CodeInvalid] for one that is
// empty or longer than [MaxTitleRunes].
func (l *Library) Rename(ctx context.Context, who models.Identity, id, title string) (models.Document, error) {
	if err := check(who, models.ActionEdit, id); err != nil {
		return models.Document{}, err
	}
	title, whole := cleanTitle(title)
	if title == "" {
		return models.Document{}, models.Errorf(models.CodeInvalid, "The title is empty.")
	}
	if !whole {
		return models.Document{}, models.Errorf(models.CodeInvalid, "The title is longer than %d characters.", MaxTitleRunes)
	}
	return l.change(ctx, who, id, models.AuditRename, models.Rename(title), "")
}

// Delete hides the video from everybody at once. The reconciler removes its
// files, and its record once the event is in the log.
func (l *Library) Delete(ctx context.Context, who models.Identity, id string) error {
	if err := check(who, models.ActionEdit, id); err != nil {
		return err
	}
	v, err := l.advance(ctx, who, id, models.AuditDelete, models.Delete(), "")
	if err == nil {
		l.forget(ctx, &v)
	}
	return err
}

// enqueue asks for the work. The record already says that it is wanted, so a
// queue that does not answer only delays it: the reconciler asks again.
func (l *Library) enqueue(ctx context.Context, v *models.Video) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	err := l.Queue.Enqueue(ctx, v.OrganizationID, models.TaskOf(v))
	if err == nil {
		return
	}
	level := slog.LevelDebug
	if l.mayComplain(&l.unqueued) {
		level = slog.LevelWarn
	}
	l.Logger.Log(ctx, level, "the work could not be queued; the reconciler will do it",
		"organization", v.OrganizationID, "video", v.ID, "error", err)
}
