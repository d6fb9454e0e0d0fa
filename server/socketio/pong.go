package socketio

import (
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/zishang520/engine.io-go-parser/packet"
)

// pongs hands a client's pongs to the library a little late. The library sends
// a ping first and arms the timeout for its answer afterwards: a pong that is
// faster than that clears the timer of the ping before, and the connection is
// closed as silent although it has answered. On one machine this takes one ping
// in some thousands.
type pongs struct{ resting atomic.Bool }

// pongShare is the part of the ping timeout by which a pong is late: 1 s of 20.
const pongShare = 20

// take reports whether the packet was a pong, which it then delivers later. One
// waits at a time: more say nothing new.
func (g *pongs) take(d *Door, p *packet.Packet, deliver func(*packet.Packet)) bool {
	if p.Type != packet.PONG {
		return false
	}
	if g.resting.CompareAndSwap(false, true) {
		time.AfterFunc(d.config.PingTimeout/pongShare, func() {
			defer func() {
				if r := recover(); r != nil {
					d.log.Error("a pong panicked", "panic", r, "stack", string(debug.Stack()))
				}
			}()
			g.resting.Store(false)
			deliver(p)
		})
	}
	return true
}
