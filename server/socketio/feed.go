package socketio

import (
	"context"
	"encoding/json"
	"sync"

	"reelroom/models"
	"reelroom/rooms"
)

// feed holds one subscription to the hub for each organization that has a
// socket on this node.
type feed struct {
	hub     Hub
	deliver func(org string, head rooms.Cursor, events []models.Event)

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
}

func newFeed(hub Hub, deliver func(string, rooms.Cursor, []models.Event)) *feed {
	return &feed{hub: hub, deliver: deliver, orgs: map[string]*follower{}}
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
	_, cancel, err := f.hub.Subscribe(ctx, o.org, func(head rooms.Cursor, events []models.Event) {
		f.deliver(o.org, head, events)
	})
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
func (d *Door) deliver(org string, head rooms.Cursor, events []models.Event) {
	if len(events) == 0 {
		d.reset(org, head)
		return
	}
	for i := range events {
		if events[i].OrganizationID != org {
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
	}
}

// reset tells an organization's sockets that events are gone, and the cursor
// after which they will come again.
func (d *Door) reset(org string, head rooms.Cursor) {
	payload, err := json.Marshal(struct {
		Reason string `json:"reason"`
		Cursor string `json:"cursor"`
	}{"lost", head.String()})
	if err != nil {
		return
	}
	m := eventMessage(models.EventStreamReset, payload, head.String())
	for _, s := range d.index.members(rooms.Org(org)) {
		s.deliver(m)
	}
}
