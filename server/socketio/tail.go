package socketio

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"reelroom/models"
	"reelroom/rooms"
)

// Events is the part of the log that a client which comes again is served from.
type Events interface {
	// After returns, in order, up to limit events after c. [models.ErrReset]
	// when some of them are no longer kept.
	After(ctx context.Context, org string, c rooms.Cursor, limit int) ([]models.Event, error)
}

var _ Events = rooms.Log(nil)

// tail reads the log of one organization, page by page, for those who come
// again. After a node was lost thousands come with nearly the same cursor: each
// page is read once and encoded once for all of them, and kept for a while.
type tail struct {
	org    string
	events Events
	reads  singleflight.Group

	mu    sync.Mutex
	pages map[rooms.Cursor]page
	order []rooms.Cursor // the oldest first
	bytes int
	armed bool // the pages will be dropped

	slots chan struct{} // of those who read now
}

// page is what follows a place in the log, in order. It may end before the
// log's head, and what comes after its end is another page; so it stays true.
type page struct {
	entries []entry
	end     rooms.Cursor
	bytes   int
}

// entry is an event, as it is sent, and the one room that hears it.
type entry struct {
	room    rooms.Room
	event   *models.Event
	message *message
}

const (
	// pageEvents bounds a page, pageBytes what a tail keeps of them.
	pageEvents = 256
	tailBytes  = 4 << 20
	// entryBytes is about what an entry takes beside its frame.
	entryBytes = 400
	// tailLife is how long pages are kept: those who lost the same node come
	// within it.
	tailLife = 30 * time.Second
	// tailReads is how many pages of one organization are read at once. Other
	// organizations want the log, too.
	tailReads = 4
)

func (t *tail) init(org string, events Events) {
	t.org, t.events, t.pages = org, events, map[rooms.Cursor]page{}
	t.slots = make(chan struct{}, tailReads)
}

// upTo is after for somebody who knows that the log has reached live: none means
// that c is the head, and not that somebody else's read was too early.
func (t *tail) upTo(ctx context.Context, c, live rooms.Cursor) (page, error) {
	p, err := t.after(ctx, c)
	short := func() bool { return err == nil && len(p.entries) == 0 && c.Epoch == live.Epoch && c.Seq < live.Seq }
	if short() { // the read that was shared is over: this one began later
		p, err = t.after(ctx, c)
	}
	if short() {
		return page{}, models.ErrReset // the log has lost what it had
	}
	return p, err
}

// after returns events that follow c; none when c is the head.
func (t *tail) after(ctx context.Context, c rooms.Cursor) (page, error) {
	t.mu.Lock()
	p, ok := t.pages[c]
	t.mu.Unlock()
	if ok {
		return p, nil
	}
	// Whoever waits may go; the others still want the answer.
	read := t.reads.DoChan(c.String(), func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), handlerTime)
		defer cancel()
		select {
		case t.slots <- struct{}{}:
			defer func() { <-t.slots }()
		case <-ctx.Done():
			return page{}, context.Cause(ctx)
		}
		return t.read(ctx, c)
	})
	select {
	case r := <-read:
		p, _ := r.Val.(page)
		return p, r.Err
	case <-ctx.Done():
		return page{}, context.Cause(ctx)
	}
}

func (t *tail) read(ctx context.Context, c rooms.Cursor) (page, error) {
	events, err := t.events.After(ctx, t.org, c, pageEvents)
	if err != nil || len(events) == 0 {
		return page{end: c}, err
	}
	p := page{entries: make([]entry, len(events)), end: rooms.CursorOf(&events[len(events)-1])}
	for i := range events {
		m := logMessage(&events[i])
		p.entries[i] = entry{rooms.Of(&events[i]), &events[i], m}
		p.bytes += 2*len(m.frame) + entryBytes
	}
	t.keep(c, p)
	return p, nil
}

// keep remembers a page and drops the oldest ones that are too much.
func (t *tail) keep(c rooms.Cursor, p page) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, twice := t.pages[c]; twice {
		return
	}
	t.pages[c] = p
	t.order = append(t.order, c)
	t.bytes += p.bytes
	if !t.armed {
		t.armed = true
		time.AfterFunc(tailLife, t.forget)
	}
	for len(t.order) > 1 && t.bytes > tailBytes {
		oldest := t.order[0]
		t.bytes -= t.pages[oldest].bytes
		delete(t.pages, oldest)
		t.order = t.order[1:]
	}
}

// forget drops all pages.
func (t *tail) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.pages)
	t.order, t.bytes, t.armed = nil, 0, false
}
