package socketio

import (
	"sync"

	"reelroom/models"
	"reelroom/rooms"
)

// feed holds one subscription to the hub for each organization that has a
// socket on this node.
type feed struct {
	hub     Hub
	deliver func([]models.Event)

	mu   sync.Mutex
	orgs map[string]*follower
}

type follower struct {
	sockets int
	cancel  func()
}

func newFeed(hub Hub, deliver func([]models.Event)) *feed {
	return &feed{hub: hub, deliver: deliver, orgs: map[string]*follower{}}
}

// acquire follows the organization from now on, for one socket more.
func (f *feed) acquire(org string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.orgs[org] == nil {
		f.orgs[org] = &follower{cancel: f.hub.Subscribe(org, f.deliver)}
	}
	f.orgs[org].sockets++
}

// release is called once for each acquire; the last one ends the subscription.
func (f *feed) release(org string) {
	f.mu.Lock()
	o := f.orgs[org]
	last := o != nil && o.sockets == 1
	if last {
		delete(f.orgs, org)
	} else if o != nil {
		o.sockets--
	}
	f.mu.Unlock()
	if last {
		// Not under the lock, nor on this goroutine: this one may be the
		// subscription's own, which has just found a connection closed.
		go o.cancel()
	}
}

// deliver sends events of one organization to who is in their rooms. Each event
// has one room, so that nobody gets it twice; it is encoded once, for all.
func (d *Door) deliver(events []models.Event) {
	if len(events) > 1 {
		for _, s := range d.index.members(rooms.Org(events[0].OrganizationID)) {
			if uncork := s.cork(); uncork != nil {
				defer uncork()
			}
		}
	}
	for i := range events {
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
