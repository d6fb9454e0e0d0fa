package socketio

import "sync/atomic"

type counters struct {
	polling, websocket             atomic.Int64
	sent, slow, refused, connected atomic.Uint64
	revoked                        atomic.Uint64
	replayed, recovered, reset     atomic.Uint64
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
	Revoked   uint64 // sockets dismissed because their token was revoked
	Recovered uint64 // clients that came again and missed nothing
	Reset     uint64 // clients that came again and had to start anew
	Replayed  uint64 // events that were sent to them from the log
}

// Stats returns the door's figures.
func (d *Door) Stats() Stats {
	sockets, names := d.index.counts()
	return Stats{
		Polling: int(d.stats.polling.Load()), WebSocket: int(d.stats.websocket.Load()),
		Sockets: sockets, Rooms: names,
		Connected: d.stats.connected.Load(), Refused: d.stats.refused.Load(),
		Sent: d.stats.sent.Load(), Slow: d.stats.slow.Load(), Revoked: d.stats.revoked.Load(),
		Recovered: d.stats.recovered.Load(), Reset: d.stats.reset.Load(), Replayed: d.stats.replayed.Load(),
	}
}
