package rooms_test

import (
	"context"
	"errors"
	"sync"

	"reelroom/models"
	"reelroom/rooms"
)

// fakeLog is a log without memory whose following a test can break.
type fakeLog struct {
	rooms.Log // the calls that a hub does not make

	mu      sync.Mutex
	epoch   string
	seq     uint64
	follows int // begun so far
	lines   map[chan told]struct{}
	refuse  error         // of the next Follow
	hold    chan struct{} // Follow waits for it before it is ready
}

type told struct {
	head   rooms.Cursor
	events []models.Event
	broken bool
}

var errBroken = errors.New("broken")

func newFakeLog() *fakeLog {
	return &fakeLog{epoch: "e", lines: make(map[chan told]struct{})}
}

func (l *fakeLog) Follow(ctx context.Context, org string, ready func(rooms.Cursor), deliver func(rooms.Cursor, []models.Event)) error {
	l.mu.Lock()
	l.follows++
	err, hold := l.refuse, l.hold
	l.refuse = nil
	l.mu.Unlock()
	if err != nil {
		return err
	}
	if hold != nil {
		select {
		case <-hold:
		case <-ctx.Done():
			return nil
		}
	}
	line := make(chan told, 64)
	l.mu.Lock()
	l.lines[line] = struct{}{}
	head := rooms.Cursor{Epoch: l.epoch, Seq: l.seq}
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		delete(l.lines, line)
		l.mu.Unlock()
	}()
	ready(head)
	for {
		select {
		case <-ctx.Done():
			return nil
		case t := <-line:
			if t.broken {
				return errBroken
			}
			deliver(t.head, t.events)
		}
	}
}

// push appends n events and tells them at once to everybody who follows.
func (l *fakeLog) push(n int) rooms.Cursor {
	l.mu.Lock()
	defer l.mu.Unlock()
	events := make([]models.Event, n)
	for i := range events {
		l.seq++
		events[i] = models.Event{OrganizationID: "acme", Epoch: l.epoch, Seq: l.seq}
	}
	t := told{head: rooms.Cursor{Epoch: l.epoch, Seq: l.seq}, events: events}
	for line := range l.lines {
		line <- t
	}
	return t.head
}

// skip moves the head while nobody is told.
func (l *fakeLog) skip() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seq++
}

func (l *fakeLog) breakOff() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range l.lines {
		line <- told{broken: true}
	}
}

func (l *fakeLog) begun() (follows, open int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.follows, len(l.lines)
}
