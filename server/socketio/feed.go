package socketio

import (
	"context"
	"sync"

	"reelroom/models"
	"reelroom/rooms"
)

// feed holds one subscription to the hub for each organization that has a
// socket on this node.
type feed struct {
	hub     Hub
	events  Events
	deliver func(f *follower, head rooms.Cursor, events []models.Event)

	mu   sync.Mutex
	orgs map[string]*follower
}

// follower is the subscription to one organization.
type follower struct {
	org     string
	sockets int           // how many hold it
	ready   chan struct{} // closed when cancel and err are set
	cancel  func()
	err     error
	ending  bool          // nobody holds it any more
	gone    chan struct{} // closed when it delivers no more
	tail    tail

	mu   sync.Mutex
	head rooms.Cursor // what was delivered, or is being delivered
}

func newFeed(hub Hub, events Events, deliver func(*follower, rooms.Cursor, []models.Event)) *feed {
	return &feed{hub: hub, events: events, deliver: deliver, orgs: map[string]*follower{}}
}

// at is a place up to which everything was delivered to the sockets that were
// in the index before, or is just being delivered. What comes after it is yet
// to be delivered, to everyone who is in the index by now.
func (o *follower) at() rooms.Cursor {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.head
}

func (o *follower) move(head rooms.Cursor) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.head = head
}

// acquire follows the organization, for one socket more, and returns when it
// does. What it returns is given back to release, once. A subscription that is
// ending is waited for: two at once would deliver everything twice.
func (f *feed) acquire(ctx context.Context, org string) (*follower, error) {
	for {
		f.mu.Lock()
		o := f.orgs[org]
		if o == nil {
			o = &follower{org: org, sockets: 1, ready: make(chan struct{}), gone: make(chan struct{})}
			o.tail.init(org, f.events)
			f.orgs[org] = o
			f.mu.Unlock()
			return f.follow(ctx, o)
		}
		wait := o.gone
		if !o.ending {
			o.sockets++
			wait = o.ready
		}
		ending := o.ending
		f.mu.Unlock()
		select {
		case <-wait:
			if !ending {
				return o, o.err
			}
		case <-ctx.Done():
			if !ending {
				f.release(o)
			}
			return nil, context.Cause(ctx)
		}
	}
}

func (f *feed) follow(ctx context.Context, o *follower) (*follower, error) {
	start, cancel, err := f.hub.Subscribe(ctx, o.org, func(head rooms.Cursor, events []models.Event) {
		o.move(head) // first: see at
		f.deliver(o, head, events)
	})
	o.mu.Lock()
	if o.head == (rooms.Cursor{}) { // nothing was delivered yet
		o.head = start
	}
	o.mu.Unlock()
	f.mu.Lock()
	defer f.mu.Unlock()
	o.cancel, o.err = cancel, err
	close(o.ready)
	if err != nil {
		f.forget(o)
	}
	return o, err
}

// forget lets the next socket of the organization begin anew; mu is held.
func (f *feed) forget(o *follower) {
	if f.orgs[o.org] == o {
		delete(f.orgs, o.org)
	}
}

// release ends the subscription when nobody holds it any more.
func (f *feed) release(o *follower) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if o.sockets--; o.sockets > 0 || o.ending {
		return
	}
	o.ending = true
	// Not on this goroutine, which may be the subscription's own: it may have
	// just found a connection closed.
	go func() {
		<-o.ready
		if o.cancel != nil {
			o.cancel()
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		f.forget(o)
		close(o.gone)
	}()
}

// deliver sends events of one organization to who is in their rooms. Each event
// has one room, so that nobody gets it twice; it is encoded once, for all.
func (d *Door) deliver(o *follower, head rooms.Cursor, events []models.Event) {
	if len(events) == 0 {
		m := resetMessage(reasonLost, head)
		for _, s := range d.index.members(rooms.Org(o.org)) {
			s.deliver(m)
		}
		return
	}
	for i := range events {
		if events[i].OrganizationID != o.org {
			d.log.Error("an event of another organization was not delivered", "event", events[i].Name)
			continue
		}
		members := d.index.members(rooms.Of(&events[i]))
		if len(members) == 0 {
			continue
		}
		m := logMessage(&events[i])
		for _, s := range members {
			s.deliver(m)
		}
		d.observe(o.org, len(members), events[i].Payload)
	}
}
