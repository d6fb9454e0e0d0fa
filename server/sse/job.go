package sse

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"reelroom/models"
	"reelroom/rooms"
	"reelroom/server/library"
	"reelroom/server/stream"
)

const (
	// idleTime is how long a job's stream lives without an event.
	idleTime = 5 * time.Minute
	// tellTime is how long the answer to a client that comes again is held back
	// to see whether it has missed the outcome.
	tellTime = 5 * time.Second
)

// eventState is the present state, which no event told.
const eventState = "state"

// JobMessage is what a job's stream sends: the job as the event has left it.
type JobMessage struct {
	models.Job
	// Event is the event's name, "state" for the first message, or stream:reset:
	// then something was missed, and the job is as it is now.
	Event string `json:"event"`
	// Cursor is the event's place, or that after which events complete the state.
	Cursor string `json:"cursor"`
	// Seq is that of the event's payload; 0 where there was none.
	Seq uint64 `json:"seq"`
	// Reason is that of a stream:reset.
	Reason string `json:"reason,omitempty"`
	// Segments are those of a video:progress.
	Segments []models.SensitivitySegment `json:"segments,omitempty"`
}

// following is one stream of a job.
type following struct {
	*feed
	door  *Door
	who   models.Identity
	id    string
	now   library.Standing
	job   models.Job
	known rooms.Cursor // up to here the state that was sent has everything,
	rev   int64        // and of what came later all changes before this one
	gone  bool         // there is no such job any more, or never was
}

// follow streams a job: the present state, then every event of it, until the
// outcome. A client that comes again gets what it has missed and no state, and
// 204 where it has had the outcome: after that an EventSource stays away. Of a
// video that was deleted meanwhile the log may still tell.
func (d *Door) follow(f *feed, r *http.Request, who models.Identity) error {
	ctx := r.Context()
	j := &following{feed: f, door: d, who: who, id: r.PathValue("id")}
	if !models.ValidID(j.id) {
		return models.ErrNotFound
	}
	after, resume := place(r)
	f.from = after
	st, err := d.Streams.Open(r, who, stream.Query{Door: "sse", Videos: []string{j.id}, Only: true, After: after, Resume: resume})
	if err != nil {
		return err
	}
	defer st.Close()
	f.over = st.Done()
	err = j.look(ctx)
	if j.gone = resume && errors.Is(err, models.ErrNotFound); j.gone {
		j.now.Head, err = rooms.ParseCursor(j.now.Cursor)
	}
	if err != nil {
		return err
	}
	if !resume {
		if err := j.tell(JobMessage{Event: eventState}, j.known); err != nil {
			return err
		}
		if err := f.flush(); err != nil || j.job.Status.Ended() {
			return err
		}
	} else if j.comeAgain(); j.now.Told || j.gone {
		if done, err := j.missed(ctx, st); done || err != nil {
			return err
		}
	}
	f.begin()
	if err := f.flush(); err != nil {
		return err
	}
	return f.run(ctx, st, idleTime, func(p stream.Part) (bool, error) { return j.take(ctx, p) })
}

// look reads the present state.
func (j *following) look(ctx context.Context) (err error) {
	if j.now, err = j.door.Library.Standing(ctx, j.who, j.id); err != nil {
		return err
	}
	j.job, j.rev = models.JobOf(&j.now.Document), j.now.Document.Rev
	j.known, err = rooms.ParseCursor(j.now.Cursor)
	return err
}

// comeAgain prepares for a client to which no state is sent: the events make up
// what it is told.
func (j *following) comeAgain() {
	j.known, j.rev, j.job = rooms.Cursor{}, 0, models.Job{JobID: j.id, Title: j.job.Title}
}

// tell writes a message about the job as it is now.
func (j *following) tell(m JobMessage, at rooms.Cursor) error {
	m.Job, m.Cursor = j.job, at.String()
	return j.json("", at, m)
}

// missed sends what a client has missed of a job whose outcome is in the log, or
// that is gone. It reports whether that was all.
func (j *following) missed(ctx context.Context, st *stream.Stream) (done bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, tellTime)
	defer cancel()
	head := j.now.Head
	at := st.Reached()
	lost := at.Epoch == head.Epoch && at.Seq > head.Seq // the client has been where the log has lost its end
	for lost || at.Epoch != head.Epoch || at.Seq < head.Seq {
		part, err := st.Next(ctx)
		if err != nil {
			if ctx.Err() == context.DeadlineExceeded && !j.gone {
				return false, nil // the stream goes on
			}
			return false, err
		}
		at, lost = part.Cursor, false
		more, err := j.take(ctx, part)
		if err == nil {
			err = j.flush()
		}
		if err != nil || !more {
			return true, err
		}
	}
	if j.gone {
		return true, models.ErrNotFound
	}
	if !j.begun {
		j.w.WriteHeader(http.StatusNoContent)
	}
	return true, nil
}

// take writes what is new and reports whether more will come.
func (j *following) take(ctx context.Context, part stream.Part) (more bool, err error) {
	if part.Reset != "" {
		if err := j.look(ctx); err != nil {
			return false, err
		}
		return !j.job.Status.Ended(), j.tell(JobMessage{Event: string(models.EventStreamReset), Reason: part.Reset}, part.Cursor)
	}
	for i := range part.Events {
		e := &part.Events[i]
		at := rooms.CursorOf(e)
		if at.Epoch == j.known.Epoch && at.Seq <= j.known.Seq || e.Rev != 0 && e.Rev < j.rev {
			continue
		}
		ends := j.ends(e)
		if j.job.Take(e); ends && e.Rev == j.now.Document.Rev {
			j.job = models.JobOf(&j.now.Document)
		}
		m := JobMessage{Event: string(e.Name), Seq: e.Seq}
		if e.Name == models.EventProgress {
			var p struct{ Segments []models.SensitivitySegment }
			if json.Unmarshal(e.Payload, &p) == nil {
				m.Segments = p.Segments
			}
		}
		if err := j.tell(m, at); err != nil {
			return false, err
		}
		if ends {
			return false, nil
		}
		if err := j.full(); err != nil {
			return false, err
		}
	}
	return true, nil
}

// ends reports whether an event is the outcome; that of an earlier attempt,
// among what was missed, is not.
func (j *following) ends(e *models.Event) bool {
	switch e.Name {
	case models.EventDeleted:
		return true
	case models.EventProcessed, models.EventFailed, models.EventCancelled:
		return e.Attempt >= j.now.Document.Attempt
	}
	return false
}
