package socketio

import "time"

// upgradeTime is how long a client may take to change its transport.
const upgradeTime = 10 * time.Second

// reserve keeps a polling connection for one WebSocket that may replace polling,
// and reports whether that is possible.
func (c *conn) reserve() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state != stateOpen || c.ws != nil || c.taken {
		return false
	}
	c.taken = true
	return true
}

// try puts a WebSocket on trial; nil gives the reservation back.
func (c *conn) try(t *wsTransport) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.taken = t != nil; !c.taken {
		return
	}
	c.trial = t
	if c.state != stateOpen {
		t.out.abort(errDiscarded)
		return
	}
	time.AfterFunc(upgradeTime, func() {
		c.mu.Lock()
		late := c.trial == t
		c.mu.Unlock()
		if late {
			t.out.abort(errDiscarded)
		}
	})
}

// tried takes a packet that came over a WebSocket on trial: first a probe, then
// the word that the client has changed. It reports whether there was one of the
// two, and both false when the WebSocket is not on trial.
func (c *conn) tried(t *wsTransport, binary bool, data []byte) (trial, fine bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.trial != t {
		return false, false
	}
	switch {
	case binary || c.state != stateOpen:
		return true, false
	case string(data) == "2probe":
		t.out.put(packetProbe, false)
		c.poll.hurry(true)
		return true, true
	case string(data) == "5":
		// What waits for a poll goes out here first. Whoever sends meanwhile
		// waits for the lock: nothing is lost or overtaken.
		c.ws, c.trial = t, nil
		if c.session.Load() != nil {
			t.vouch()
		}
		t.out.putAll(c.poll.leave())
		c.door.links.upgraded()
		return true, true
	}
	return true, false
}

// untry tells that the WebSocket has ended, and reports whether it was only on
// trial.
func (c *conn) untry(t *wsTransport) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.trial == t {
		c.trial, c.taken = nil, false
		c.poll.hurry(false)
	}
	return c.ws != t
}
