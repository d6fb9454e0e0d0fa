package stream

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"reelroom/models"
	"reelroom/rooms"
)

// Query says what is to be heard, and from where.
type Query struct {
	// Door is the name under which the stream is counted.
	Door string
	// Videos are the ids of those that are followed: what only their watchers
	// hear is heard, too. They must have been read with the member's own
	// organization id.
	Videos []string
	// Only leaves out what is about none of the Videos.
	Only bool
	// After is the place that the client has reached; it holds where Resume is
	// set. Without it the stream begins with what comes next.
	After  rooms.Cursor
	Resume bool
}

// Part is some of a stream.
type Part struct {
	// Events are in order; they are shared, so nobody may change them.
	Events []models.Event
	// Reset, where it is not empty, tells why events are gone: the present state
	// must be fetched, and what comes after Cursor will come. See
	// [models.StreamReset] for the reasons.
	Reset string
	// Cursor is the place that was reached, also where the last events were not
	// for this stream.
	Cursor rooms.Cursor
}

// The reasons of a [Part.Reset].
const (
	ResetLost    = "lost"
	ResetExpired = "expired"
)

const (
	// maxQueue bounds what waits for a reader, in bytes. Beyond it what waits is
	// dropped, and read from the log when the reader comes.
	maxQueue = 64 << 10
	// pageEvents is how much is read from the log at once, pageBytes how much of
	// that a reader holds who may be slow to take it; one event may be larger.
	pageEvents = 256
	pageBytes  = 256 << 10
	readTime   = 10 * time.Second
	// lagPause is the wait where the log has not yet what the hub has told.
	lagPause = 50 * time.Millisecond
	// eventBytes is what an event takes besides its payload.
	eventBytes = 256
)

var (
	errClosed  = errors.New("stream: closed")
	errRevoked = models.Errorf(models.CodeTokenRevoked, "The token has been revoked.")
	errExpired = models.Errorf(models.CodeTokenExpired, "The token has expired.")
)

// Stream is one reader's way through the log. Next is called by one goroutine.
type Stream struct {
	streams *Streams
	who     models.Identity
	door    string
	videos  map[string]bool
	only    bool

	after  rooms.Cursor
	resume bool
	leave  []func()
	cancel func() // of the hub
	expiry *time.Timer
	limit  int // of events in the next page; the reader's own
	once   sync.Once

	// For those who ask who is connected.
	id      uint64 // on this node
	address string
	since   time.Time
	sent    atomic.Uint64
	rtt     atomic.Int64 // in ns; 0 where none was measured

	mu      sync.Mutex
	at      rooms.Cursor // what the reader has, or was not for it
	live    rooms.Cursor // what the hub has told
	queue   []models.Event
	size    int
	behind  bool   // (at, live] is read from the log
	reset   string // to be told first, with its place
	resetAt rooms.Cursor
	before  rooms.Cursor // where the reader is as long as reset is due
	ended   error
	wake    chan struct{}
	done    chan struct{} // closed with ended
}

func newStream(s *Streams, who models.Identity, q Query) *Stream {
	st := &Stream{streams: s, who: who, door: q.Door, only: q.Only, after: q.After, resume: q.Resume, limit: pageEvents, videos: map[string]bool{},
		wake: make(chan struct{}, 1), done: make(chan struct{})}
	for _, id := range q.Videos {
		st.videos[id] = true
	}
	return st
}

// expireAt ends the stream with its token.
func (st *Stream) expireAt(end time.Time) error {
	if end.IsZero() {
		return nil
	}
	left := time.Until(end)
	if left <= 0 {
		return errExpired
	}
	st.expiry = time.AfterFunc(left, func() { st.end(errExpired) })
	return nil
}

// subscribe begins at the present place, or at the client's own. What is
// delivered before the places stand waits in the queue, or is lost already.
func (st *Stream) subscribe(ctx context.Context) error {
	start, cancel, err := st.streams.config.Hub.Subscribe(ctx, st.who.OrganizationID, st.deliver)
	if err != nil {
		return err
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	st.cancel = cancel
	if st.live == (rooms.Cursor{}) {
		st.live = start
	}
	switch {
	case st.reset != "":
		if st.before = start; st.resume {
			st.before = st.after
		}
	case st.resume && st.after != start:
		st.at, st.behind = st.after, true
		st.drop()
	default:
		st.at = start
	}
	st.nudge()
	return nil
}

// deliver takes what the hub tells; it does not wait.
func (st *Stream) deliver(head rooms.Cursor, events []models.Event) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.live = head
	if len(events) == 0 {
		st.lost(ResetLost)
	}
	for i := range events {
		c := rooms.CursorOf(&events[i])
		if st.behind || c.Epoch == st.at.Epoch && c.Seq <= st.at.Seq || !st.hears(&events[i]) {
			continue
		}
		st.queue = append(st.queue, events[i])
		if st.size += eventBytes + len(events[i].Payload); st.size > maxQueue {
			st.behind = true
			st.drop()
		}
	}
	st.nudge()
}

// lost tells the reader to begin anew from live; mu is held.
func (st *Stream) lost(why string) {
	st.drop()
	if st.reset == "" {
		st.before = st.at
	}
	st.behind, st.reset, st.at, st.resetAt = false, why, st.live, st.live
	st.streams.resets.Add(1)
}

func (st *Stream) drop() { st.queue, st.size = nil, 0 }

func (st *Stream) nudge() {
	select {
	case st.wake <- struct{}{}:
	default:
	}
}

func (st *Stream) hears(e *models.Event) bool {
	video := ""
	if st.videos[e.VideoID] {
		video = e.VideoID
	}
	return (!st.only || video != "") && rooms.Hears(st.who, e, video)
}

// Next waits for what comes and returns it. It returns also when only the place
// has moved, with no events. The error is that of ctx, or tells why the stream
// has ended: token_expired, token_revoked, unavailable (the server stops, or the
// log does not answer: the client comes again with its cursor). What waited when
// the stream ended is not returned.
func (st *Stream) Next(ctx context.Context) (Part, error) {
	for {
		part, ready, err := st.Ready(ctx)
		if err != nil || ready {
			return part, err
		}
		select {
		case <-st.wake:
		case <-st.done:
		case <-ctx.Done():
			return Part{}, ctx.Err()
		}
	}
}

// Ready is [Stream.Next] without the wait for what comes: it returns false where
// the reader has everything. It may read the log.
func (st *Stream) Ready(ctx context.Context) (Part, bool, error) {
	part, ready, err := st.take()
	if err == nil && !ready {
		part, err = st.read(ctx)
		ready = part.Cursor != (rooms.Cursor{})
	}
	st.count(len(part.Events))
	return part, ready, err
}

// Reached returns the place that the reader has reached. A reset that is yet to
// be told is after it: who comes again from there is told.
func (st *Stream) Reached() rooms.Cursor {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.reset != "" {
		return st.before
	}
	return st.at
}

// take returns what waits.
func (st *Stream) take() (Part, bool, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.ended != nil {
		return Part{}, false, st.ended
	}
	if st.reset != "" {
		return st.tellReset(), true, nil
	}
	if st.behind || !st.ahead() {
		return Part{}, false, nil
	}
	part := Part{Events: st.queue, Cursor: st.live}
	st.drop()
	st.at = st.live
	return part, true, nil
}

// tellReset returns the reset that is due; mu is held.
func (st *Stream) tellReset() Part {
	part := Part{Reset: st.reset, Cursor: st.resetAt}
	st.reset = ""
	return part
}

// ahead reports whether the hub has told more than the reader has; mu is held.
func (st *Stream) ahead() bool {
	return st.live.Epoch != st.at.Epoch || st.live.Seq > st.at.Seq
}

// read returns some of what the reader missed, or nothing when it has all.
func (st *Stream) read(ctx context.Context) (Part, error) {
	for {
		st.mu.Lock()
		behind, at := st.behind, st.at
		st.mu.Unlock()
		if !behind {
			return Part{}, nil
		}
		events, err := st.streams.page(ctx, st.who.OrganizationID, at, st.limit)
		if errors.Is(err, models.ErrReset) {
			return st.expired(), nil
		}
		if err != nil {
			return Part{}, err
		}
		if part, ready := st.advance(at, st.fit(events)); ready {
			return part, nil
		}
		select { // told of, but not there yet
		case <-time.After(lagPause):
		case <-st.done:
			return Part{}, nil
		case <-ctx.Done():
			return Part{}, ctx.Err()
		}
	}
}

// fit returns as much of a page as a reader may hold. Where that is not all, the
// next page has fewer events, so that not much is read in vain.
func (st *Stream) fit(page []models.Event) []models.Event {
	size := 0
	for i := range page {
		if size += eventBytes + len(page[i].Payload); size > pageBytes && i > 0 {
			st.limit = min(2*i, pageEvents)
			return page[:i]
		}
	}
	st.limit = min(2*st.limit, pageEvents)
	return page
}

func (st *Stream) expired() Part {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.lost(ResetExpired)
	return st.tellReset()
}

// advance takes a page that begins after at.
func (st *Stream) advance(at rooms.Cursor, page []models.Event) (Part, bool) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.at != at {
		return Part{}, true // the hub has said that events are lost
	}
	var part Part
	for i := range page {
		if st.hears(&page[i]) {
			part.Events = append(part.Events, page[i])
		}
	}
	if len(page) > 0 {
		st.at = rooms.CursorOf(&page[len(page)-1])
		st.streams.replayed.Add(uint64(len(part.Events)))
	}
	st.behind = st.ahead()
	part.Cursor = st.at
	return part, len(page) > 0 || !st.behind
}

// Done is closed when the stream has ended by itself, or was closed.
func (st *Stream) Done() <-chan struct{} { return st.done }

// end makes Next return err.
func (st *Stream) end(err error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.ended == nil {
		st.ended = err
		st.drop()
		close(st.done)
	}
}

// Close ends the stream and gives back what it took up; it may be called twice.
func (st *Stream) Close() {
	st.end(errClosed)
	st.once.Do(func() {
		if st.cancel != nil {
			st.cancel()
		}
		if st.expiry != nil {
			st.expiry.Stop()
		}
		st.streams.forget(st)
		for _, leave := range st.leave {
			leave()
		}
	})
}
