package socketio

import (
	"math/rand/v2"
	"sync"
	"time"
)

// heart sends the pings of all connections and notices those that do not answer
// (Engine.IO protocol, "Heartbeat"): a ring of lists, and one timer that goes on
// by one list in each tick while there are connections. The library would keep a
// goroutine and a timer for each.
type heart struct {
	tick              time.Duration
	made              time.Time
	interval, timeout int // in ticks

	mu    sync.Mutex
	ring  []*conn // the first of each list
	hand  int     // the list whose turn was last
	count int
	armed bool      // the timer will come
	next  time.Time // when it should
}

// beat is a connection's place in the heart, guarded by its lock.
type beat struct {
	prev, next *conn
	slot       int
	linked     bool
	waiting    bool          // for the answer to a ping
	silent     bool          // for good
	asked      time.Duration // when a ping was sent, since the heart was made
	trip       time.Duration // of the last ping that was answered; 0 before one was
}

func newHeart(interval, timeout time.Duration) *heart {
	tick := max(interval/100, timeout/1000, time.Millisecond)
	h := &heart{tick: tick, made: time.Now(), interval: int((interval + tick - 1) / tick), timeout: int((timeout + tick - 1) / tick)}
	h.ring = make([]*conn, max(h.interval, h.timeout)+2)
	return h
}

// add begins to ping a connection: the first time up to a quarter earlier than
// later, so that those that came together are spread.
func (h *heart) add(c *conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c.beat.silent || c.beat.linked {
		return
	}
	h.link(c, h.interval-h.interval/20-rand.IntN(h.interval/5+1))
	if !h.armed {
		h.next = time.Now()
		h.arm()
	}
}

// remove ends the pings of a connection, for good.
func (h *heart) remove(c *conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c.beat.silent = true
	if c.beat.linked {
		h.unlink(c)
	}
}

// answered tells that the connection has answered. The next ping comes an
// interval later; an answer to nothing changes nothing.
func (h *heart) answered(c *conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c.beat.linked && c.beat.waiting {
		h.unlink(c)
		c.beat.waiting = false
		c.beat.trip = max(time.Since(h.made)-c.beat.asked, 1)
		h.link(c, h.interval)
	}
}

// haltTime is how late a turn may be until it counts as a halt of the whole
// process, such as a machine that slept: the turns that were missed are not made
// up for, as the answers that came meanwhile are to be read first.
const haltTime = time.Second

func (h *heart) arm() {
	h.armed = true
	h.next = h.next.Add(h.tick)
	wait := time.Until(h.next)
	if wait < -haltTime {
		h.next, wait = time.Now(), h.tick
	}
	time.AfterFunc(wait, h.turn)
}

// turn goes on by one list.
func (h *heart) turn() {
	h.mu.Lock()
	h.hand = (h.hand + 1) % len(h.ring)
	now := time.Since(h.made)
	var due, dead []*conn
	for c := h.ring[h.hand]; c != nil; c = h.ring[h.hand] {
		h.unlink(c)
		if c.beat.waiting {
			c.beat.silent = true
			dead = append(dead, c)
			continue
		}
		c.beat.waiting, c.beat.asked = true, now
		h.link(c, h.timeout)
		due = append(due, c)
	}
	if h.armed = h.count > 0; h.armed {
		h.arm()
	}
	h.mu.Unlock()
	for _, c := range due {
		c.deliver(packetPing)
	}
	for _, c := range dead {
		go c.end(reasonPing, nil)
	}
}

// trip returns how long the connection took to answer its last ping; 0 where it
// has answered none.
func (h *heart) trip(c *conn) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return c.beat.trip
}

func (h *heart) link(c *conn, ticks int) {
	c.beat.slot = (h.hand + max(ticks, 1)) % len(h.ring)
	c.beat.prev, c.beat.next = nil, h.ring[c.beat.slot]
	if c.beat.next != nil {
		c.beat.next.beat.prev = c
	}
	h.ring[c.beat.slot] = c
	c.beat.linked = true
	h.count++
}

func (h *heart) unlink(c *conn) {
	if c.beat.prev != nil {
		c.beat.prev.beat.next = c.beat.next
	} else {
		h.ring[c.beat.slot] = c.beat.next
	}
	if c.beat.next != nil {
		c.beat.next.beat.prev = c.beat.prev
	}
	c.beat.prev, c.beat.next, c.beat.linked = nil, nil, false
	h.count--
}
