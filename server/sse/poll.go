package sse

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"reelroom/models"
	"reelroom/rooms"
	"reelroom/server/api"
	"reelroom/server/stream"
)

// The bounds of a long poll: events in an answer, and the wait for the first.
const (
	defaultLimit, maxLimit = 100, 256
	defaultWait, maxWait   = 25, 30 // seconds
)

// Entry is an event in the answer to a poll.
type Entry struct {
	Event   models.EventName `json:"event"`
	Cursor  string           `json:"cursor"`
	Payload json.RawMessage  `json:"payload"`
}

// Polled is the answer to a poll: what came after the client's place, as far as
// the limit goes, and the place from which to ask on.
type Polled struct {
	Data   []Entry `json:"data"`
	Cursor string  `json:"cursor"`
	// Reset tells that events are gone, as stream:reset does: fetch the present
	// state, and go on from Cursor. Reason is that of [models.StreamReset].
	Reset  bool   `json:"reset,omitempty"`
	Reason string `json:"reason,omitempty"`
}

// asked is a poll's query.
type asked struct {
	after  rooms.Cursor
	resume bool
	limit  int
	wait   time.Duration
	tags   []string // of If-None-Match
}

// poll answers GET /api/events?after=&limit=&wait=. Without after, the ETag of
// the last answer is the place; without both, the poll begins now.
func (d *Door) poll(w http.ResponseWriter, r *http.Request, who models.Identity) error {
	ask, err := askedOf(r)
	if err != nil {
		return err
	}
	ids, err := videos(r.URL.Query())
	if err != nil {
		return err
	}
	if err := d.Library.Known(r.Context(), who, ids...); err != nil {
		return err
	}
	st, err := d.Streams.Open(r, who, stream.Query{Door: "poll", Videos: ids, After: ask.after, Resume: ask.resume})
	if err != nil {
		return err
	}
	defer st.Close()
	out, err := collect(r.Context(), st, ask)
	if err != nil {
		return err
	}
	tag := `"` + out.Cursor + `"`
	h := w.Header()
	h.Set("Cache-Control", "private, no-cache")
	h.Add("Vary", "Authorization")
	h.Set("ETag", tag)
	if len(out.Data) == 0 && !out.Reset && ask.has(tag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	return api.Write(w, http.StatusOK, out)
}

func askedOf(r *http.Request) (asked, error) {
	q := r.URL.Query()
	a := asked{}
	for _, line := range r.Header.Values("If-None-Match") {
		for tag := range strings.SplitSeq(line, ",") {
			a.tags = append(a.tags, strings.TrimPrefix(strings.TrimSpace(tag), "W/"))
		}
	}
	after := q.Get("after")
	if after == "" && len(a.tags) > 0 {
		after = strings.Trim(a.tags[0], `"`)
	}
	a.after, a.resume = placeOf(after)
	wait, err := number(q, "wait", defaultWait, 0, maxWait)
	if err != nil {
		return a, err
	}
	if r.Method == http.MethodHead {
		wait = 0
	}
	a.wait = time.Duration(wait) * time.Second
	a.limit, err = number(q, "limit", defaultLimit, 1, maxLimit)
	return a, err
}

func number(q url.Values, name string, otherwise, least, most int) (int, error) {
	text := q.Get(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		return 0, models.Errorf(models.CodeInvalid, "%s must be a number from %d to %d.", name, least, most)
	}
	return n, nil
}

func (a *asked) has(tag string) bool {
	for _, t := range a.tags {
		if t == tag {
			return true
		}
	}
	return false
}

// collect returns what is there, or else the first that comes in time.
func collect(ctx context.Context, st *stream.Stream, ask asked) (Polled, error) {
	out := Polled{Data: []Entry{}}
	wait, cancel := context.WithTimeout(ctx, ask.wait)
	defer cancel()
	for {
		part, ready, err := st.Ready(ctx)
		if err == nil && !ready && wait.Err() == nil {
			part, err = st.Next(wait)
		}
		if errors.Is(err, context.DeadlineExceeded) && wait.Err() != nil && ctx.Err() == nil {
			err = nil
		}
		if err != nil {
			return out, err
		}
		if part.Reset != "" {
			out.Reset, out.Reason, out.Cursor = true, part.Reset, part.Cursor.String()
			return out, nil
		}
		for i := range min(len(part.Events), ask.limit) {
			e := &part.Events[i]
			out.Data = append(out.Data, Entry{e.Name, rooms.CursorOf(e).String(), e.Payload})
		}
		switch n := len(out.Data); {
		case n > 0 && n < len(part.Events):
			out.Cursor = out.Data[n-1].Cursor
			return out, nil
		case n > 0:
			out.Cursor = part.Cursor.String()
			return out, nil
		case !ready && wait.Err() != nil:
			out.Cursor = st.Reached().String()
			return out, nil
		}
	}
}
