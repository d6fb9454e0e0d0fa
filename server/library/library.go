package library

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"reelroom/models"
	"reelroom/rooms"
	"reelroom/server/capacity"
)

// Library is the one service behind every door. All fields but Positions,
// Admit, Listening, Capacity, Arrivals and Now are needed.
type Library struct {
	Store     models.Videos
	Policies  models.Policies
	Audit     models.Audit
	Batches   models.Batches
	Blobs     models.Blobs
	Queue     models.Queue
	Publisher *rooms.Publisher
	Log       rooms.Log
	Links     models.Links
	// Positions tells the places of waiting videos; nil when nothing knows them.
	Positions Positions
	// Admit permits work on one more video of an organization; nil permits any.
	Admit func(ctx context.Context, org string) error
	// Listening returns the organizations that somebody listens to at the moment,
	// at any node; nil when nobody can tell.
	Listening func(ctx context.Context) ([]string, error)
	// Capacity grants uploads their room; with nil there is always some.
	Capacity *capacity.Capacity
	// Arrivals tells the organization of uploads under way; nil tells nobody.
	Arrivals *Arrivals
	// MaxUpload is in bytes.
	MaxUpload int64
	// MaxBatch is how many files a batch takes; 0 for any number.
	MaxBatch int
	Logger   *slog.Logger
	// Now is the clock; time.Now when nil.
	Now func() time.Time

	// complained is when the log was last said to be away, unqueued the queue,
	// in Unix seconds.
	complained, unqueued atomic.Int64
	// published counts what came from outside and from members.
	published publications
	// asked are the attempts at videos that are not there.
	asked attempts
	// previews holds the organizations that have one made.
	previews sync.Map
}

const (
	// logTime bounds a look into the event log that the answer can do without.
	logTime = time.Second
	// settleTime bounds what is done after a file has been received in full:
	// it goes on when the client has gone.
	settleTime = 15 * time.Second
	// complainEvery bounds how often a log that is away is mentioned.
	complainEvery = 10 * time.Second
)

// Listing is one page of an organization's videos.
type Listing struct {
	Data []models.Document `json:"data"`
	// NextCursor is the place of the next page; null on the last.
	NextCursor *string `json:"nextCursor"`
	// Cursor is a place in the event log: the events after it complete the
	// page. "" when the log cannot be reached: then every event that is kept does.
	Cursor string `json:"cursor"`
}

// Counting tells how many videos of an organization stand where.
type Counting struct {
	models.Counts
	// Cursor is as in [Listing].
	Cursor string `json:"cursor"`
}

// List returns a page, in the order asked for.
func (l *Library) List(ctx context.Context, who models.Identity, page models.Page) (Listing, error) {
	if err := may(who, models.ActionView); err != nil {
		return Listing{}, err
	}
	out := Listing{Cursor: l.head(ctx, who.OrganizationID)}
	found, err := l.Store.List(ctx, who.OrganizationID, page)
	if err != nil {
		return Listing{}, err
	}
	if found.NextCursor != "" {
		out.NextCursor = &found.NextCursor
	}
	out.Data = l.documents(ctx, who.OrganizationID, found.Videos)
	return out, nil
}

// Count returns how many videos the organization has.
func (l *Library) Count(ctx context.Context, who models.Identity) (Counting, error) {
	if err := may(who, models.ActionView); err != nil {
		return Counting{}, err
	}
	cursor := l.head(ctx, who.OrganizationID)
	counts, err := l.Store.Count(ctx, who.OrganizationID)
	return Counting{counts, cursor}, err
}

// Get returns one video.
func (l *Library) Get(ctx context.Context, who models.Identity, id string) (models.Document, error) {
	v, err := l.record(ctx, who, models.ActionView, id)
	if err != nil {
		return models.Document{}, err
	}
	return l.document(ctx, v), nil
}

// Snapshot returns one video and the cursor after which events complete it; see
// [Listing.Cursor].
func (l *Library) Snapshot(ctx context.Context, who models.Identity, id string) (models.Document, string, error) {
	if err := may(who, models.ActionView); err != nil {
		return models.Document{}, "", err
	}
	cursor := l.head(ctx, who.OrganizationID)
	d, err := l.Get(ctx, who, id)
	return d, cursor, err
}

// may refuses what the role does not permit.
func may(who models.Identity, a models.Action) error {
	if !models.ValidID(who.OrganizationID) || !who.May(a) {
		return models.Errorf(models.CodeForbidden, "Your role does not permit this.")
	}
	return nil
}

func (l *Library) admit(ctx context.Context, org string) error {
	if l.Admit == nil {
		return nil
	}
	return l.Admit(ctx, org)
}

// check refuses by role first, so that the refusal says nothing about the id.
func check(who models.Identity, a models.Action, id string) error {
	if err := may(who, a); err != nil {
		return err
	}
	if !models.ValidID(id) {
		return models.ErrNotFound
	}
	return nil
}

// record reads a video of the member's own organization.
func (l *Library) record(ctx context.Context, who models.Identity, a models.Action, id string) (*models.Video, error) {
	if err := check(who, a, id); err != nil {
		return nil, err
	}
	v, err := l.Store.Get(ctx, who.OrganizationID, id)
	if err != nil {
		return nil, l.attempted(ctx, who, id, err)
	}
	return &v, nil
}

// head returns the log's place before the record is read: what changes in
// between is told twice, and never missed.
func (l *Library) head(ctx context.Context, org string) string {
	ctx, cancel := context.WithTimeout(ctx, logTime)
	defer cancel()
	c, err := l.Log.Head(ctx, org)
	if err != nil {
		l.complain(err)
		return ""
	}
	return c.String()
}

func (l *Library) document(ctx context.Context, v *models.Video) models.Document {
	return l.documents(ctx, v.OrganizationID, []models.Video{*v})[0]
}

// documents makes the documents of records, with the last published progress
// of those that are running and the places of those that wait.
func (l *Library) documents(ctx context.Context, org string, videos []models.Video) []models.Document {
	out := make([]models.Document, len(videos))
	var running []string
	for i := range videos {
		out[i] = models.DocumentOf(&videos[i], l.Links)
	}
	l.place(ctx, org, videos, out)
	for i := range videos {
		if videos[i].Status == models.StatusProcessing {
			running = append(running, videos[i].ID)
		}
	}
	if len(running) == 0 {
		return out
	}
	ctx, cancel := context.WithTimeout(ctx, logTime)
	defer cancel()
	last, err := l.Log.Progress(ctx, org, running...)
	if err != nil {
		l.complain(err)
		return out
	}
	for i := range out {
		e, ok := last[out[i].ID]
		var p models.Progress
		if ok && json.Unmarshal(e.Payload, &p) == nil {
			out[i].Merge(p)
		}
	}
	return out
}

// complain says that the event log is away, but not for every request.
func (l *Library) complain(err error) {
	if l.mayComplain(&l.complained) {
		l.Logger.Warn("the event log does not answer; lists go without its cursor", "error", err)
	}
}

// mayComplain tells whether it is time for the next complaint.
func (l *Library) mayComplain(last *atomic.Int64) bool {
	now, before := l.now().Unix(), last.Load()
	return now-before >= int64(complainEvery/time.Second) && last.CompareAndSwap(before, now)
}

func (l *Library) now() time.Time {
	if l.Now != nil {
		return l.Now()
	}
	return time.Now()
}
