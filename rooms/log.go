package rooms

import (
	"context"

	"reelroom/models"
)

// Log is the event log of every organization: contiguous, bounded, shared by
// all nodes. It can be rebuilt: losing it loses no outcome, only the epoch.
type Log interface {
	// Append gives the event its place and tells every node that follows the
	// organization. A transition whose (video, rev), or any other event whose ID,
	// was seen before is dropped, and so is progress older than the last
	// transition of its video, and a video:queued that is no transition unless
	// its rev is that of the last transition, and a video:updated that is no
	// transition after video:deleted: then fresh is false, and the cursor is the place
	// of the event that was there before, or the head when that is not known.
	// What changed after video:deleted begins the life of a new video of that id.
	Append(ctx context.Context, org string, e models.Event) (c Cursor, fresh bool, err error)
	// Place returns the place of the event that was appended with the ID; ok is
	// false when that is not known, or no longer.
	Place(ctx context.Context, org, id string) (c Cursor, ok bool, err error)
	// Head returns the place of the last event; of an organization without
	// events, a place before its first one, never the zero cursor.
	Head(ctx context.Context, org string) (Cursor, error)
	// After returns, in order, up to limit events after c. The zero cursor
	// means from the oldest that is kept. [models.ErrReset] when events after
	// c are no longer kept, or c is of another epoch.
	After(ctx context.Context, org string, c Cursor, limit int) ([]models.Event, error)
	// Progress returns the last progress event of each of these videos that is
	// running, by video id.
	Progress(ctx context.Context, org string, videoIDs ...string) (map[string]models.Event, error)
	// Follow calls deliver, in order and without gap, with the events that
	// come after the log's head at the time of the call, until ctx ends. It
	// calls ready once, with that head, before the first event. When the epoch
	// changes or a gap cannot be filled, deliver is called with an empty slice
	// and the new head, and goes on from there.
	Follow(ctx context.Context, org string, ready func(Cursor), deliver func(head Cursor, events []models.Event)) error
	// Ping reports whether the log answers.
	Ping(ctx context.Context) error
}
