package socketio

import (
	"encoding/json"
	"net/http"
	"time"

	"reelroom/server/connguard"
)

// serve takes a request that the guard has let in. An error is to be answered.
func (d *Door) serve(w http.ResponseWriter, r *http.Request, upgrade bool) error {
	sid := r.URL.Query().Get("sid")
	if sid == "" {
		return d.welcome(w, r, upgrade)
	}
	c := d.links.get(sid)
	if c != nil && c.session.Load() != nil {
		connguard.Verified(r.Context())
	}
	switch {
	case c == nil:
		return rejectSid
	case upgrade:
		return c.change(w, r)
	case c.poll == nil:
		return rejectQuery
	case r.Method == http.MethodPost:
		return c.poll.post(w, r)
	default:
		c.poll.get(w, r)
	}
	return nil
}

// welcome makes a new connection (Engine.IO protocol, "Handshake").
func (d *Door) welcome(w http.ResponseWriter, r *http.Request, upgrade bool) error {
	if r.Method != http.MethodGet {
		return rejectMethod
	}
	c, err := d.newConn(r)
	if err != nil {
		return err
	}
	if c.place, err = d.config.Limits.Arrive(r); err != nil {
		rejectExcess(w, err)
		return nil
	}
	if upgrade {
		if c.ws, err = newWebsocket(c, w, r); err != nil {
			c.place.Leave()
			return nil // it was answered
		}
	} else {
		c.poll = &pollTransport{Transport: unused, conn: c}
	}
	d.links.came(c)
	// The library listens before anything is read.
	d.io.Engine().Emit("connection", c)
	c.deliver(d.opening(c, upgrade))
	d.heart.add(c)
	if d.ctx.Err() != nil {
		c.Close(true)
	}
	if upgrade {
		c.ws.start()
	} else {
		c.poll.get(w, r)
	}
	return nil
}

// opening is the first packet, which tells the client how it is.
func (d *Door) opening(c *conn, upgrade bool) *message {
	upgrades := []string{"websocket"}
	if upgrade {
		upgrades = []string{}
	}
	text, err := json.Marshal(struct {
		Sid          string   `json:"sid"`
		Upgrades     []string `json:"upgrades"`
		PingInterval int64    `json:"pingInterval"`
		PingTimeout  int64    `json:"pingTimeout"`
		MaxPayload   int      `json:"maxPayload"`
	}{c.id, upgrades, int64(d.config.PingInterval / time.Millisecond), int64(d.config.PingTimeout / time.Millisecond), d.announced})
	if err != nil { // it always has a JSON form
		text = []byte("{}")
	}
	return newPacket("0" + string(text))
}

// change answers the handshake of a WebSocket that may replace polling. One that
// cannot is closed as soon as it is open, which is what clients expect.
func (c *conn) change(w http.ResponseWriter, r *http.Request) error {
	reserved := c.reserve()
	t, err := newWebsocket(c, w, r)
	if err == nil {
		t.deaf = !reserved
	}
	if reserved {
		c.try(t)
	}
	if err != nil {
		return nil // it was answered
	}
	if !reserved {
		t.close(endNormal)
	}
	t.start()
	return nil
}
