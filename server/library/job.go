package library

import (
	"context"

	"reelroom/models"
	"reelroom/rooms"
)

// Standing is a video as doors begin that follow it from its present state.
type Standing struct {
	Document models.Document
	// Cursor is that of [Library.Snapshot].
	Cursor string
	// Told reports that the log has the event of the present revision, at Head
	// or before; Head is the log's place afterwards. A client that has reached
	// Head and was sent no outcome knows it already.
	Told bool
	Head rooms.Cursor
}

// Standing returns how a video stands. For one whose work has ended it tells
// whether the log knows, too.
func (l *Library) Standing(ctx context.Context, who models.Identity, id string) (s Standing, err error) {
	if err := may(who, models.ActionView); err != nil {
		return s, err
	}
	s.Cursor = l.head(ctx, who.OrganizationID)
	v, err := l.record(ctx, who, models.ActionView, id)
	if err != nil {
		return s, err
	}
	s.Document = l.document(ctx, v)
	if !v.Status.Terminal() || v.Unpublished() {
		return s, nil
	}
	s.Head, err = rooms.ParseCursor(l.head(ctx, who.OrganizationID))
	s.Told = s.Head != rooms.Cursor{}
	return s, err
}

// Known returns [models.ErrNotFound] unless each id is that of a video of the
// member's own organization.
func (l *Library) Known(ctx context.Context, who models.Identity, ids ...string) error {
	if err := may(who, models.ActionView); err != nil {
		return err
	}
	for _, id := range ids {
		if _, err := l.record(ctx, who, models.ActionView, id); err != nil {
			return err
		}
	}
	return nil
}
