package sse

import (
	"net/http"

	"reelroom/models"
	"reelroom/rooms"
	"reelroom/server/stream"
)

// listen streams the events of an organization, under their own names, with the
// payload as data. As at the Socket.IO door, stream:ready comes after what was
// missed.
func (d *Door) listen(f *feed, r *http.Request, who models.Identity) error {
	ctx := r.Context()
	after, resume := place(r)
	f.from = after
	ids, err := videos(r.URL.Query())
	if err != nil {
		return err
	}
	// The stream comes first: its limits bound how often the library is asked.
	st, err := d.Streams.Open(r, who, stream.Query{Door: "sse", Videos: ids, After: after, Resume: resume})
	if err != nil {
		return err
	}
	defer st.Close()
	f.over = st.Done()
	if err := d.Library.Known(ctx, who, ids...); err != nil {
		return err
	}
	f.begin()
	recovered := resume
	take := func(part stream.Part) (bool, error) {
		if part.Reset != "" {
			recovered = false
			return true, f.json(string(models.EventStreamReset), part.Cursor, models.StreamReset{Reason: part.Reset, Cursor: part.Cursor.String()})
		}
		for i := range part.Events {
			e := &part.Events[i]
			f.event(string(e.Name), rooms.CursorOf(e), e.Payload)
			if err := f.full(); err != nil {
				return false, err
			}
		}
		return true, nil
	}
	for resume {
		part, ready, err := st.Ready(ctx)
		if err != nil {
			return err
		}
		if !ready {
			break
		}
		if _, err := take(part); err != nil {
			return err
		}
		if err := f.flush(); err != nil {
			return err
		}
	}
	here := st.Reached()
	if err := f.json(string(models.EventStreamReady), here, models.StreamReady{Recovered: recovered, Cursor: here.String()}); err != nil {
		return err
	}
	if err := f.flush(); err != nil {
		return err
	}
	return f.run(ctx, st, 0, take)
}
