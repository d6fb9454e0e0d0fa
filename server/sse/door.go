package sse

import (
	"context"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"reelroom/models"
	"reelroom/rooms"
	"reelroom/server/api"
	"reelroom/server/library"
	"reelroom/server/stream"
)

// Library is the part of the library that this door asks.
type Library interface {
	Get(ctx context.Context, who models.Identity, id string) (models.Document, error)
	Standing(ctx context.Context, who models.Identity, id string) (library.Standing, error)
	Known(ctx context.Context, who models.Identity, ids ...string) error
}

// Door is an [api.Door].
type Door struct {
	Library Library
	Streams *stream.Streams
}

// maxVideos bounds the videos that one stream follows.
const maxVideos = 128

// Routes returns the entries.
func (d *Door) Routes(g *api.Gate) []api.Route {
	return []api.Route{
		{Pattern: "GET /api/jobs/{id}", Handle: g.Member(d.job)},
		{Pattern: "GET /api/jobs/{id}/stream", Handle: d.streaming(g, d.follow)},
		{Pattern: "GET /api/events", Handle: either(d.streaming(g, d.listen), g.Member(d.poll))},
	}
}

// either chooses by what the client wants to read.
func either(events, other api.Handler) api.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Add("Vary", "Accept")
		if wantsEvents(r.Header) {
			return events(w, r)
		}
		return other(w, r)
	}
}

func wantsEvents(h http.Header) bool {
	for _, line := range h.Values("Accept") {
		for item := range strings.SplitSeq(line, ",") {
			if kind, p, err := mime.ParseMediaType(item); err == nil && kind == mediaType && p["q"] != "0" {
				return true
			}
		}
	}
	return false
}

// job answers GET /api/jobs/{id}.
func (d *Door) job(w http.ResponseWriter, r *http.Request, who models.Identity) error {
	document, err := d.Library.Get(r.Context(), who, r.PathValue("id"))
	if err != nil {
		return err
	}
	return api.WriteTagged(w, r, models.JobOf(&document))
}

// place returns where a client has been, by the header that browsers send, or by
// the query; resume is false where it has been nowhere.
func place(r *http.Request) (after rooms.Cursor, resume bool) {
	text := r.Header.Get("Last-Event-ID")
	q := r.URL.Query()
	for _, name := range []string{"lastEventId", "after"} {
		if text == "" {
			text = q.Get(name)
		}
	}
	return placeOf(text)
}

// placeOf reads a cursor. One that cannot be is one that is gone: the client is
// told to fetch the present state, as with one that is too old. (A refusal would
// end an EventSource for good.)
func placeOf(text string) (after rooms.Cursor, resume bool) {
	if text == "" {
		return rooms.Cursor{}, false
	}
	after, err := rooms.ParseCursor(text)
	if err != nil {
		return rooms.Cursor{Epoch: "-"}, true
	}
	return after, true
}

// videos returns the ids of the videos that a query asks for, as
// video=a&video=b or video=a,b.
func videos(q url.Values) (ids []string, err error) {
	for _, value := range q["video"] {
		for id := range strings.SplitSeq(value, ",") {
			if id == "" || slices.Contains(ids, id) {
				continue
			}
			if len(ids) == maxVideos {
				return nil, models.Errorf(models.CodeInvalid, "At most %d videos can be followed at once.", maxVideos)
			}
			ids = append(ids, id)
		}
	}
	return ids, nil
}
