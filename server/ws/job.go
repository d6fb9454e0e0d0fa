package ws

import (
	"context"
	"errors"
	"net/http"
	"time"

	"reelroom/models"
	"reelroom/rooms"
	"reelroom/server/api"
	"reelroom/server/library"
	"reelroom/server/stream"
)

const reasonMissing = "Missing jobId or token"

// job answers GET /ws?jobId=&token=&after=.
func (d *Door) job(g *api.Gate, w http.ResponseWriter, r *http.Request) error {
	return d.serve(g, w, r, reasonMissing, func(who models.Identity) (feed, error) {
		q := r.URL.Query()
		id := q.Get("jobId")
		if id == "" {
			return nil, &closing{codeMissing, reasonMissing, nil}
		}
		after, err := rooms.ParseCursor(q.Get("after"))
		if err != nil {
			return nil, err
		}
		return d.follow(r, who, id, after, after != (rooms.Cursor{}))
	})
}

// jobFeed tells one job: its present state and then what comes, or, where the
// client says what it has, what it lacks and then what comes.
type jobFeed struct {
	door   *Door
	who    models.Identity
	id     string
	known  bool // to be a job of the organization's
	stream *stream.Stream

	first []any // to be told before the stream
	last  bool  // they are the end

	// What is told already: events of the log up to place, and changes of the
	// record up to rev.
	place rooms.Cursor
	rev   int64
	job   models.Job // as the last of them leaves it

	// Until head is reached, what comes was missed. Where over holds it ends
	// there: the client has the outcome, or the job is none of its organization's.
	head  rooms.Cursor
	over  bool
	ended error // the end's reason; nil where the client has the outcome
}

var errLogAway = models.Errorf(models.CodeUnavailable, "The event log does not answer.").Again(time.Second)

// follow opens the feed of a job. With resume it tells only what comes after the
// client's place.
func (d *Door) follow(r *http.Request, who models.Identity, id string, after rooms.Cursor, resume bool) (_ feed, err error) {
	f := &jobFeed{door: d, who: who, id: id}
	// The stream comes first: its limits bound how often the library is asked.
	f.stream, err = d.Streams.Open(r, who, stream.Query{Door: "ws", Videos: []string{id}, Only: true, After: after, Resume: resume})
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			f.stream.Close()
		}
	}()
	now, err := d.Library.Standing(r.Context(), who, id)
	absent := resume && errors.Is(err, models.ErrNotFound) // if it was deleted, the log may still tell
	if err != nil && !absent {
		return nil, err
	}
	f.known = err == nil
	f.place, err = placeOf(now.Cursor)
	if err != nil {
		return nil, err
	}
	switch {
	case absent:
		f.over, f.ended, f.head = true, models.ErrNotFound, f.place
	case resume:
		f.over, f.head, f.job = now.Told, now.Head, models.JobOf(&now.Document)
	default:
		f.tell(&now, "")
	}
	if resume {
		f.place = after
	}
	if f.over && after == f.head {
		if f.ended != nil {
			return nil, f.ended
		}
		f.first, f.last = []any{}, true
	}
	return f, nil
}

func placeOf(cursor string) (rooms.Cursor, error) {
	if cursor == "" {
		return rooms.Cursor{}, errLogAway
	}
	return rooms.ParseCursor(cursor)
}

// tell has the state told first.
func (f *jobFeed) tell(now *library.Standing, reset string) {
	d := &now.Document
	f.first, f.last, f.over = stateOf(d, now.Cursor, reset), d.Status.Terminal(), false
	f.rev, f.job = d.Rev, models.JobOf(d)
}

func (f *jobFeed) done() <-chan struct{} { return f.stream.Done() }

func (f *jobFeed) close() { f.stream.Close() }

func (f *jobFeed) measured(trip time.Duration) { f.stream.Measured(trip) }

func (f *jobFeed) next(ctx context.Context) (messages []any, last bool, err error) {
	if f.first == nil {
		part, err := f.stream.Next(ctx)
		if err != nil {
			return nil, false, f.why(err)
		}
		if part.Reset == "" {
			return f.take(&part)
		}
		if err := f.reset(ctx, part.Reset); err != nil {
			return nil, false, ending(err)
		}
	}
	messages, last, f.first = f.first, f.last, nil
	return messages, last, nil
}

// why tells an end of the stream by itself from a log that does not answer.
func (f *jobFeed) why(err error) error {
	select {
	case <-f.stream.Done():
		return leaving(err)
	default:
		return ending(err)
	}
}

// take makes messages of what has come.
func (f *jobFeed) take(part *stream.Part) (messages []any, last bool, err error) {
	for i := range part.Events {
		e := &part.Events[i]
		if e.Epoch == f.place.Epoch && e.Seq <= f.place.Seq || e.Rev != 0 && e.Rev < f.rev {
			continue // the state that was told has it already
		}
		f.job.Take(e)
		message, end := messageOf(e, &f.job)
		if message == nil {
			continue
		}
		messages = append(messages, message)
		if end {
			return messages, true, nil
		}
	}
	if part.Cursor.Epoch != f.place.Epoch || part.Cursor.Seq > f.place.Seq {
		f.place = part.Cursor
	}
	if f.over && reached(f.place, f.head) {
		if f.ended != nil {
			return messages, false, ending(f.ended)
		}
		return messages, true, nil
	}
	return messages, false, nil
}

func reached(place, head rooms.Cursor) bool {
	return place.Epoch == head.Epoch && place.Seq >= head.Seq
}

// reset has the present state told, as what led to it is gone.
func (f *jobFeed) reset(ctx context.Context, reason string) error {
	now, err := f.door.Library.Standing(ctx, f.who, f.id)
	if errors.Is(err, models.ErrNotFound) && f.known {
		h := Head{Type: TypeFailed, JobID: f.id, Event: string(models.EventDeleted), Cursor: now.Cursor}
		f.first, f.last = []any{Failed{Head: h, Status: models.StatusDeleted, Error: wordsDeleted, Code: models.CodeDeleted}}, true
		return nil
	}
	if err != nil {
		return err
	}
	if f.place, err = placeOf(now.Cursor); err != nil {
		return err
	}
	f.tell(&now, reason)
	return nil
}
