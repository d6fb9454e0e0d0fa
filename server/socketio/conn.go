package socketio

import (
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zishang520/engine.io-go-parser/packet"
	"github.com/zishang520/engine.io/v2/engine"
	"github.com/zishang520/engine.io/v2/transports"
	"github.com/zishang520/engine.io/v2/types"
	"github.com/zishang520/engine.io/v2/utils"

	"reelroom/server/limits"
)

// Why a connection ended, in the library's words.
const (
	reasonPing   = "ping timeout"
	reasonForced = "forced close"
	reasonPeer   = "transport close"
	reasonError  = "transport error"
	reasonParse  = "parse error"
)

// The states of a connection, in the library's words.
const (
	stateOpen    = "open"
	stateClosing = "closing" // a polling client is yet to be told
	stateClosed  = "closed"
)

// conn is one Engine.IO connection: what the library calls a socket of its
// engine. It outlives the change from polling to WebSocket. The library's own
// keeps a goroutine, a timer, the first request and two dozen maps for each, and
// looks up its transport twice for one sending, which lets what is sent during a
// change of transport go astray.
type conn struct {
	emitter
	door    *Door
	id      string
	address string // of the client, behind the trusted proxies
	since   int64  // when it came, in Unix nanoseconds
	bearer  string // the token of the first request's header, mostly none
	place   *limits.Arrival
	beat    beat
	session atomic.Pointer[session] // nil before a token was verified

	mu    sync.Mutex
	state string
	poll  *pollTransport // nil for a client that began with WebSocket
	ws    *wsTransport   // nil while the client polls
	trial *wsTransport   // what may replace polling
	taken bool           // for a trial that is to come
}

var _ engine.Socket = (*conn)(nil)

// newConn makes a connection, which is yet to get a transport.
func (d *Door) newConn(r *http.Request) (*conn, error) {
	id, err := utils.Base64Id().GenerateId()
	if err != nil {
		return nil, err
	}
	bearer := bearerOf(r.Header)
	// One that is longer is as little worth when it is cut.
	bearer = strings.Clone(bearer[:min(len(bearer), maxConnect+1)])
	return &conn{door: d, id: id, address: d.config.Limits.Client(r), since: time.Now().UnixNano(), bearer: bearer, state: stateOpen}, nil
}

// nobody stands for the first request of every connection, which the library
// would keep, and of which nothing is asked: its head may be large, and be that
// of a stranger.
var nobody = func() *types.HttpContext {
	ctx := types.NewHttpContext(nowhere{}, &http.Request{URL: &url.URL{}})
	ctx.Flush() // or a goroutine would wait for its end
	return ctx
}()

// nowhere is the response that nobody reads.
type nowhere struct{}

func (nowhere) Header() http.Header            { return http.Header{} }
func (nowhere) WriteHeader(int)                {}
func (nowhere) Write(data []byte) (int, error) { return len(data), nil }

// Id is the session id of Engine.IO, a secret of the client.
func (c *conn) Id() string { return c.id }

// Protocol is the revision of Engine.IO.
func (c *conn) Protocol() int { return 4 }

// RemoteAddress is the client's, without a port.
func (c *conn) RemoteAddress() string { return c.address }

// Request is nobody's.
func (*conn) Request() *types.HttpContext { return nobody }

// mostBytes is how much a client may send at once. Before its token was verified
// that is a CONNECT, as an Engine.IO message.
func (c *conn) mostBytes() int {
	if c.session.Load() != nil {
		return maxPayload
	}
	return maxConnect + 1
}

// vouch tells the guard of the TCP connection that a token was verified.
func (c *conn) vouch() {
	c.mu.Lock()
	ws := c.ws
	c.mu.Unlock()
	if ws != nil && c.session.Load() != nil {
		ws.vouch()
	}
}

// ReadyState is "open", "closing" or "closed".
func (c *conn) ReadyState() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

// Transport is what the client is on now.
func (c *conn) Transport() transports.Transport {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ws != nil {
		return c.ws
	}
	return c.poll
}

// Upgraded reports whether WebSocket has replaced polling.
func (c *conn) Upgraded() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.poll != nil && c.ws != nil
}

// Upgrading reports whether WebSocket may be about to replace polling.
func (c *conn) Upgrading() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.taken
}

// Construct, MaybeUpgrade and SetReadyState belong to the library's engine,
// which does not make this connection.
func (*conn) Construct(string, engine.BaseServer, transports.Transport, *types.HttpContext, int) {}
func (*conn) MaybeUpgrade(transports.Transport)                                                  {}
func (*conn) SetReadyState(string)                                                               {}

// Send is Write.
func (c *conn) Send(data io.Reader, o *packet.Options, done engine.SendCallback) engine.Socket {
	return c.Write(data, o, done)
}

// Write sends a message: one of ours, or text or bytes of the library's.
func (c *conn) Write(data io.Reader, _ *packet.Options, _ engine.SendCallback) engine.Socket {
	switch data := data.(type) {
	case *message:
		c.deliver(data)
	case *types.StringBuffer:
		c.deliver(newMessage(data.Bytes()))
	case *types.BytesBuffer:
		c.deliver(binaryMessage(data.Bytes()))
	default:
		c.door.log.Error("a packet of an unknown kind was not sent")
	}
	return c
}

// deliver sends a message. It never blocks: what waits is bounded, and a reader
// that lets it fill is cut.
func (c *conn) deliver(m *message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.state != stateOpen:
	case c.ws != nil:
		c.ws.out.put(m, m.shared)
	default:
		c.poll.push(m)
	}
}

// errHeartbeat ends the connection of a client that sends a ping: since
// revision 4 the server does.
var (
	errHeartbeat = errors.New("invalid heartbeat direction")
	errPacket    = errors.New("unknown packet")
)

// receive takes a packet of the client, whose bytes it does not keep. An error
// ends the connection.
func (c *conn) receive(binary bool, data []byte) error {
	if c.ReadyState() != stateOpen {
		return nil
	}
	if binary {
		c.emitData(types.NewBytesBuffer(append([]byte(nil), data...)))
		return nil
	}
	if len(data) == 0 {
		return errPacket
	}
	switch data[0] {
	case engineMessage:
		c.emitData(types.NewStringBuffer(append([]byte(nil), data[1:]...)))
	case engineBinary:
		decoded, err := base64.StdEncoding.AppendDecode(nil, data[1:])
		if err != nil {
			return err
		}
		c.emitData(types.NewBytesBuffer(decoded))
	case enginePong:
		c.door.heart.answered(c)
	case engineClose:
		c.end(reasonPeer, nil)
	case enginePing:
		return errHeartbeat
	case engineOpen, engineUpgrade, engineNoop:
	default:
		return errPacket
	}
	return nil
}

func (c *conn) emitData(data types.BufferInterface) {
	c.door.bearers.with(c.bearer, data, func() { c.Emit("data", data) })
}

// fail ends the connection after a packet that receive did not take.
func (c *conn) fail(err error) {
	if errors.Is(err, errHeartbeat) {
		c.end(reasonError, err)
	} else {
		c.end(reasonParse, err)
	}
}

// Close ends the connection: at once when discard is set, else as [conn.shut]
// does. The library calls it with no reason to tell.
func (c *conn) Close(discard bool) {
	if !discard {
		c.shut(endNormal)
		return
	}
	c.mu.Lock()
	ws := c.ws
	c.mu.Unlock()
	if ws != nil {
		ws.out.abort(errDiscarded)
	}
	c.end(reasonForced, nil)
}

// shut ends the connection: what is queued goes out first, a client on
// WebSocket is told why, and a polling client is told with its next poll.
// socket.io-client connects again by itself.
func (c *conn) shut(why ending) {
	c.mu.Lock()
	if c.state != stateOpen {
		c.mu.Unlock()
		return
	}
	if c.ws == nil {
		c.state = stateClosing
		c.poll.push(packetClose)
		c.mu.Unlock()
		time.AfterFunc(closeTime, func() { c.end(reasonForced, nil) })
		return
	}
	c.mu.Unlock()
	c.endAs(why, reasonForced, nil)
}

var errDiscarded = errors.New("the connection was cut by the server")

// end closes the connection and tells the library, once.
func (c *conn) end(reason string, err error) { c.endAs(endingOf(reason, err), reason, err) }

// endAs is end with what the client is told.
func (c *conn) endAs(why ending, reason string, err error) {
	c.mu.Lock()
	if c.state == stateClosed {
		c.mu.Unlock()
		return
	}
	c.state = stateClosed
	ws, trial := c.ws, c.trial
	c.trial = nil
	parts := c.poll != nil && c.poll.close(reason)
	c.mu.Unlock()

	c.door.heart.remove(c)
	if trial != nil {
		trial.close(why)
	}
	if ws != nil {
		ws.close(why)
	}
	c.tellEnd(reason, err)
	c.place.Leave()
	if parts {
		c.door.links.part(c)
	}
	c.door.links.left(c, ws != nil)
}

// tellEnd tells the library. Whose goroutine this is may be anything: a panic of
// a listener must not end the process.
func (c *conn) tellEnd(reason string, err error) {
	defer func() {
		if p := recover(); p != nil {
			c.door.log.Error("the end of a connection made a listener panic", "panic", p, "stack", string(debug.Stack()))
		}
	}()
	c.Emit("close", reason, err)
}

// queued is how many bytes wait for the client.
func (c *conn) queued() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ws != nil {
		return c.ws.out.queued()
	}
	return c.poll.queue.size
}
