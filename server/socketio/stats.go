package socketio

import (
	"errors"
	"sync/atomic"
)

type counters struct {
	sent, full, stuck, dropped, refused, connected, revoked atomic.Uint64
	replayed, recovered, reset                              atomic.Uint64
}

// resume counts a client that came again with a place: whether it was given
// all that it had missed, or told to start anew.
func (c *counters) resume(whole bool) {
	if whole {
		c.recovered.Add(1)
	} else {
		c.reset.Add(1)
	}
}

// Stats are the door's figures. The first four are what is now, the others
// count since the start.
type Stats struct {
	Polling, WebSocket int // connections by transport, with or without a token
	Sockets, Rooms     int // sockets with a verified token, and rooms with a member

	Connected uint64 // sockets that got in
	Refused   uint64 // handshakes refused
	Sent      uint64 // events handed to a connection
	Slow      uint64 // connections cut because their reader was too slow
	Stuck     uint64 // those of them whose reader took nothing for too long
	Dropped   uint64 // progress that a slow reader was spared, as a newer one waited
	Revoked   uint64 // sockets dismissed because their token was revoked
	Recovered uint64 // clients that came again and missed nothing
	Reset     uint64 // clients that came again and had to start anew
	Replayed  uint64 // events that were sent to them from the log
}

// Stats returns the door's figures.
func (d *Door) Stats() Stats {
	sockets, names := d.index.counts()
	polling, websocket := d.links.counts()
	full, stuck := d.stats.full.Load(), d.stats.stuck.Load()
	return Stats{
		Polling: polling, WebSocket: websocket,
		Sockets: sockets, Rooms: names,
		Connected: d.stats.connected.Load(), Refused: d.stats.refused.Load(),
		Sent: d.stats.sent.Load(), Slow: full + stuck, Stuck: stuck, Dropped: d.stats.dropped.Load(),
		Revoked:   d.stats.revoked.Load(),
		Recovered: d.stats.recovered.Load(), Reset: d.stats.reset.Load(), Replayed: d.stats.replayed.Load(),
	}
}

// cut counts and logs a connection that was ended for its slow reader.
func (c *conn) cut(why error) {
	d := c.door
	switch {
	case errors.Is(why, errStuck):
		d.stats.stuck.Add(1)
	case errors.Is(why, errSlow):
		d.stats.full.Add(1)
	default:
		return
	}
	fields := []any{"reason", why}
	if s := c.session.Load(); s != nil {
		fields = append(fields, "socket", string(s.id), "organization", s.org)
	}
	d.log.Info("a connection was closed, as its reader is too slow", fields...)
}

// Queued is how many bytes wait for readers now, over all connections.
func (d *Door) Queued() int {
	total := 0
	for _, c := range d.links.all() {
		total += c.queued()
	}
	return total
}
