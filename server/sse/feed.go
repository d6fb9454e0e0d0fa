package sse

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"reelroom/models"
	"reelroom/rooms"
	"reelroom/server/api"
	"reelroom/server/connguard"
	"reelroom/server/stream"
)

const (
	mediaType = "text/event-stream"
	// heartbeat is how long nothing is sent at most: proxies take a silent
	// connection for a dead one.
	heartbeat = 15 * time.Second
	// patience is how long a client may take nothing of what is sent.
	patience = 10 * time.Second
	// grace is how long it may still take for what is sent when the stream ends.
	grace = time.Second
	// Clients come again after this time, so that those of a node that has gone
	// do not all come at once.
	leastRetry, mostRetry = time.Second, 3 * time.Second
)

// eventEnd is the last event of a stream that the server ends, with an [End]. A
// client that comes again with the last id goes on where it was.
const eventEnd = "stream:end"

// eventPlace moves the client's place past events that were for others, with a
// [Place].
const eventPlace = "stream:place"

// Place is where the client resumes: everything up to Cursor that is for it was
// sent.
type Place struct {
	Cursor string `json:"cursor"`
}

// End tells why a stream has ended. Code is "idle" after 5 minutes without an
// event, or that of an error: token_expired, token_revoked, unavailable.
type End struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

var endIdle = End{"idle", "Nothing has happened for a while; come again."}

// feed is the answer to one request.
type feed struct {
	w       http.ResponseWriter
	control *http.ResponseController
	rest    func()
	old     bool // HTTP/1, where an answer's end can be the connection's
	begun   bool
	id      rooms.Cursor // the last one that was sent
	from    rooms.Cursor // the one that the client came with, or none
	buf     bytes.Buffer
	over    <-chan struct{} // closed when the stream has ended; nil before there is one
}

// streaming lets a visitor in and hands him a feed. What is unavailable only for
// now is told as a stream that ends at once: an EventSource comes again after
// that, and never after any other status than 200.
func (d *Door) streaming(g *api.Gate, serve func(*feed, *http.Request, models.Identity) error) api.Handler {
	head := g.Member(d.head)
	return func(w http.ResponseWriter, r *http.Request) error {
		if r.Method == http.MethodHead {
			return head(w, r)
		}
		who, err := g.StreamVisitor(w, r)
		if err != nil {
			return err
		}
		f := newFeed(w, r)
		f.rest = connguard.Stream(r.Context(), patience)
		if err = serve(f, r, who); err == nil || r.Context().Err() != nil {
			return err
		}
		if _, refused := errors.AsType[*models.Error](err); !refused || !f.begun && models.CodeOf(err) != models.CodeUnavailable {
			return err
		}
		return errors.Join(err, f.end(endOf(err)))
	}
}

// head answers HEAD: what GET would begin with.
func (d *Door) head(w http.ResponseWriter, r *http.Request, who models.Identity) error {
	ids := []string{r.PathValue("id")}
	if ids[0] == "" {
		var err error
		if ids, err = videos(r.URL.Query()); err != nil {
			return err
		}
	}
	if err := d.Library.Known(r.Context(), who, ids...); err != nil {
		return err
	}
	newFeed(w, r).headers()
	w.WriteHeader(http.StatusOK)
	return nil
}

func newFeed(w http.ResponseWriter, r *http.Request) *feed {
	return &feed{w: w, control: http.NewResponseController(w), rest: func() {}, old: r.ProtoMajor == 1}
}

func (f *feed) headers() {
	h := f.w.Header()
	h.Set("Content-Type", mediaType+"; charset=utf-8")
	h.Set("Cache-Control", "no-cache, no-transform")
	h.Set("X-Accel-Buffering", "no")
	if f.old {
		h.Set("Connection", "close")
	}
	h.Add("Vary", "Authorization, Cookie")
}

// begin sends the head of the answer, once. "retry" stands in the block of the
// first event: httpx-sse makes an empty message of a block that has only that,
// and, after the first id, of every block without data. So no block is.
func (f *feed) begin() {
	if f.begun {
		return
	}
	f.begun = true
	f.headers()
	f.w.WriteHeader(http.StatusOK)
	retry := leastRetry + rand.N(mostRetry-leastRetry)
	fmt.Fprintf(&f.buf, "retry: %d\n", retry.Milliseconds())
}

// event writes an event; an empty name is that of messages.
func (f *feed) event(name string, at rooms.Cursor, data []byte) {
	f.begin()
	if name != "" {
		f.buf.WriteString("event: " + name + "\n")
	}
	f.mark(at)
	f.buf.WriteString("data: ")
	if bytes.ContainsAny(data, "\r\n") { // white space between tokens; else each would end the line
		if err := json.Compact(&f.buf, data); err != nil {
			f.buf.WriteString("{}")
		}
	} else {
		f.buf.Write(data)
	}
	f.buf.WriteString("\n\n")
}

// json writes an event of any value.
func (f *feed) json(name string, at rooms.Cursor, value any) error {
	data, err := json.Marshal(value)
	if err == nil {
		f.event(name, at, data)
	}
	return err
}

// mark moves the place from which the client resumes.
func (f *feed) mark(at rooms.Cursor) {
	if at != f.id && at.Epoch != "" {
		f.id = at
		f.buf.WriteString("id: " + at.String() + "\n")
	}
}

// advance is mark where the place is ahead of the last.
func (f *feed) advance(at rooms.Cursor) {
	if f.ahead(at) {
		f.mark(at)
	}
}

// ahead reports whether a place is not one before the last that was sent: this
// node may be told later what the state that was sent has already.
func (f *feed) ahead(at rooms.Cursor) bool {
	last := f.id
	if last.Epoch == "" {
		last = f.from
	}
	return at.Epoch != "" && (at.Epoch != last.Epoch || at.Seq > last.Seq)
}

// beat writes a comment that keeps the connection, and the place when it has
// moved past what was for others.
func (f *feed) beat(at rooms.Cursor) error {
	f.begin()
	f.buf.WriteString(": heartbeat\n")
	if f.ahead(at) {
		if err := f.json(eventPlace, at, Place{at.String()}); err != nil {
			return err
		}
	}
	return f.flush()
}

// flush sends what was written. A client that does not take it has less patience
// when the stream has ended meanwhile, as with its token.
func (f *feed) flush() error {
	if f.buf.Len() == 0 {
		return nil
	}
	defer f.rest()
	defer f.hurry()()
	_, err := f.w.Write(f.buf.Bytes())
	if f.buf.Reset(); f.buf.Cap() > keptBuffer {
		f.buf = bytes.Buffer{}
	}
	if err == nil {
		err = f.control.Flush()
	}
	return err
}

// hurry ends what is being written when that takes long and the stream ends. The
// returned function must be called when it was written.
func (f *feed) hurry() (written func()) {
	if f.over == nil {
		return func() {}
	}
	done, gone := make(chan struct{}), make(chan struct{})
	timer := time.AfterFunc(grace, func() {
		defer close(gone)
		select {
		case <-f.over:
			_ = f.control.SetWriteDeadline(time.Unix(1, 0)) // as good as now
		case <-done:
		}
	})
	return func() {
		if close(done); !timer.Stop() {
			<-gone
		}
	}
}

// keptBuffer is what an idle stream may hold, in bytes; fullBuffer is how much
// is written before it is sent.
const (
	keptBuffer = 4 << 10
	fullBuffer = 16 << 10
)

// full sends what was written where it is much, so that each part of it has the
// client's patience for itself.
func (f *feed) full() error {
	if f.buf.Len() < fullBuffer {
		return nil
	}
	return f.flush()
}

func endOf(err error) End {
	e, _ := errors.AsType[*models.Error](err)
	return End{string(e.Code), e.Message}
}

func (f *feed) end(why End) error {
	f.begin()
	if err := f.json(eventEnd, rooms.Cursor{}, why); err != nil {
		return err
	}
	return f.flush()
}

// run hands over the parts of a stream until take returns false or an error, or
// the stream ends. Where idle is not 0, it ends too when no event came for so
// long.
func (f *feed) run(ctx context.Context, st *stream.Stream, idle time.Duration, take func(stream.Part) (bool, error)) error {
	quiet, sent := time.Now(), time.Now()
	for {
		until := sent.Add(heartbeat)
		if end := quiet.Add(idle); idle > 0 && end.Before(until) {
			until = end
		}
		wait, cancel := context.WithDeadline(ctx, until)
		part, err := st.Next(wait)
		due := wait.Err() != nil
		cancel()
		switch {
		case err == nil:
			more, err := take(part)
			if wrote := f.buf.Len() > 0; err == nil && wrote {
				err = f.flush()
				sent = time.Now()
			}
			if err != nil || !more {
				return err
			}
			if len(part.Events) > 0 || part.Reset != "" {
				quiet = time.Now()
			}
		case ctx.Err() != nil:
			return ctx.Err()
		case !due || !errors.Is(err, context.DeadlineExceeded): // the log's own may be one, too
			return err
		case idle > 0 && time.Since(quiet) >= idle:
			f.begin()
			f.advance(st.Reached())
			return f.end(endIdle)
		default:
			if err := f.beat(st.Reached()); err != nil {
				return err
			}
			sent = time.Now()
		}
	}
}
