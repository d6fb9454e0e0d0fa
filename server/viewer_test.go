package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"

	"reelroom/models"
	"reelroom/rooms"
)

// door is a way to follow a video: one connection at a time, which begins after
// a cursor. There is one for each that strangers can use.
type door struct {
	name string
	// hears says which events about the followed video come through it.
	hears func(e *models.Event) bool
	// same compares what it said with the event; nil: it says the payload.
	same func(e *models.Event, s sighting) bool
	// follow shows the viewer what comes after its cursor, until ctx ends (a cut)
	// or the server ends it. errGone says that the video is not there any more.
	follow func(ctx context.Context, v *viewer) error
}

// errGone is the answer of a door that does not know the video any more.
var errGone = errors.New("the video is gone")

// sighting is an event as a viewer saw it.
type sighting struct {
	door    string
	name    string
	cursor  string
	payload json.RawMessage
}

// stretch is what a viewer saw, or might have seen, through one door: what
// stands after one place up to another.
type stretch struct {
	door     *door
	from, to uint64
}

// viewer follows one video, through one door after the other.
type viewer struct {
	house *house
	org   string
	user  string
	token string
	video string

	mu      sync.Mutex
	door    *door
	next    *door // where it changes to
	cut     context.CancelFunc
	cursor  string // the last one seen
	seq     uint64
	past    []stretch
	since   uint64
	seen    map[uint64]sighting
	doubles int
	gones   int
	wrong   []string
	moved   chan struct{} // told when seq has moved
	// pid and offset are what a Socket.IO client remembers of its session.
	pid, offset string
}

func newViewer(h *house, org, user, video, cursor string, through *door) *viewer {
	v := &viewer{
		house: h, org: org, user: user, token: h.token(org, user, models.RoleViewer), video: video, door: through, cursor: cursor,
		seen: map[uint64]sighting{}, moved: make(chan struct{}, 1),
	}
	v.seq = seqOf(cursor)
	v.since = v.seq
	return v
}

func seqOf(cursor string) uint64 {
	_, digits, _ := strings.Cut(cursor, ".")
	n, _ := strconv.ParseUint(digits, 10, 64)
	return n
}

func (v *viewer) complain(format string, args ...any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.wrong) < 10 {
		v.wrong = append(v.wrong, fmt.Sprintf("%s: ", v.door.name)+fmt.Sprintf(format, args...))
	}
}

// at returns the place that the viewer has reached.
func (v *viewer) at() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.cursor
}

// passed notes a place that a door told without an event for this viewer.
func (v *viewer) passed(cursor string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if _, err := rooms.ParseCursor(cursor); err != nil || cursor == "" {
		v.wrong = append(v.wrong, v.door.name+": not a cursor: "+cursor)
		return
	}
	if seqOf(cursor) > v.seq {
		v.cursor, v.seq = cursor, seqOf(cursor)
	}
}

// see notes an event. What was seen before must be the same again; a client
// drops it.
func (v *viewer) see(name, cursor string, payload json.RawMessage) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if _, err := rooms.ParseCursor(cursor); err != nil || cursor == "" {
		v.wrong = append(v.wrong, fmt.Sprintf("%s: %s has no cursor, but %q", v.door.name, name, cursor))
		return
	}
	seq := seqOf(cursor)
	s := sighting{v.door.name, name, cursor, bytes.Clone(payload)}
	if before, ok := v.seen[seq]; ok {
		v.doubles++
		if before.door == s.door && (before.name != s.name || !bytes.Equal(before.payload, s.payload)) {
			v.wrong = append(v.wrong, fmt.Sprintf("%s at %s was %s %s, and now is %s %s", s.door, cursor, before.name, before.payload, name, payload))
		}
		return
	}
	if seq <= v.seq {
		v.wrong = append(v.wrong, fmt.Sprintf("%s: %s came after %s was reached", s.door, cursor, v.cursor))
	}
	v.seen[seq] = s
	v.cursor, v.seq = cursor, max(seq, v.seq)
	select {
	case v.moved <- struct{}{}:
	default:
	}
}

// drop cuts the connection without a word; the viewer comes again.
func (v *viewer) drop() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.cut != nil {
		v.cut()
	}
}

// change leaves through one door and comes in by another.
func (v *viewer) change(to *door) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.next = to
	if v.cut != nil {
		v.cut()
	}
}

// leave ends the stretch of the door; mu is held.
func (v *viewer) leave(to *door) {
	v.past = append(v.past, stretch{v.door, v.since, v.seq})
	v.door, v.since, v.pid, v.offset = to, v.seq, "", ""
}

// run follows until ctx ends.
func (v *viewer) run(ctx context.Context, whenGone *door) {
	for ctx.Err() == nil {
		v.mu.Lock()
		if v.next != nil {
			v.leave(v.next)
			v.next = nil
		}
		connection, cut := context.WithCancel(ctx)
		v.cut = cut
		through := v.door
		v.mu.Unlock()
		err := through.follow(connection, v)
		cut()
		v.mu.Lock()
		if errors.Is(err, errGone) {
			v.leave(whenGone)
			v.gones++
		} else if err != nil && connection.Err() == nil && len(v.wrong) < 10 {
			v.wrong = append(v.wrong, fmt.Sprintf("%s: %v", through.name, err))
		}
		v.mu.Unlock()
		select {
		case <-ctx.Done():
		case <-time.After(5 * time.Millisecond): // who was let go comes again a little later
		}
	}
}

// misses returns the first event of the log that this viewer should have seen
// by now and has not; nil when there is none.
func (v *viewer) misses(log []models.Event) *models.Event {
	v.mu.Lock()
	defer v.mu.Unlock()
	for i := range log {
		e := &log[i]
		if _, ok := v.seen[e.Seq]; !ok && v.should(e) {
			return e
		}
	}
	return nil
}

// should reports whether an event comes through the door that was used at its
// place; mu is held.
func (v *viewer) should(e *models.Event) bool {
	if e.VideoID != v.video || e.Seq <= v.first() {
		return false
	}
	for _, s := range v.past {
		if e.Seq > s.from && e.Seq <= s.to {
			return s.door.hears(e)
		}
	}
	return v.door.hears(e)
}

func (v *viewer) first() uint64 {
	if len(v.past) > 0 {
		return v.past[0].from
	}
	return v.since
}

// verdict compares what was seen with the log.
func (v *viewer) verdict(log []models.Event, through map[string]*door) (wrong []string) {
	missed := v.misses(log)
	v.mu.Lock()
	defer v.mu.Unlock()
	wrong = append(wrong, v.wrong...)
	if missed != nil {
		wrong = append(wrong, fmt.Sprintf("%s: %s at %d was never seen", v.door.name, missed.Name, missed.Seq))
	}
	known := map[uint64]*models.Event{}
	for i := range log {
		known[log[i].Seq] = &log[i]
	}
	for seq, s := range v.seen {
		e := known[seq]
		if e == nil {
			wrong = append(wrong, fmt.Sprintf("%s: %s at %s is not in the log", s.door, s.name, s.cursor))
			continue
		}
		same := through[s.door].same
		if same == nil {
			same = samePayload
		}
		if string(e.Name) != s.name || rooms.CursorOf(e).String() != s.cursor || !same(e, s) {
			wrong = append(wrong, fmt.Sprintf("%s: %s %s %s; the log has %s %s", s.door, s.cursor, s.name, s.payload, e.Name, e.Payload))
		}
	}
	return wrong
}

func samePayload(e *models.Event, s sighting) bool {
	return sameJSON(models.WithSeq(e.Payload, e.Seq), s.payload)
}

func sameJSON(a, b json.RawMessage) bool {
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
}
