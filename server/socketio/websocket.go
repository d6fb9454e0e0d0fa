package socketio

import (
	"context"
	"errors"
	"io"
	"net"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/gorilla/websocket"
	"github.com/zishang520/engine.io-go-parser/packet"
	"github.com/zishang520/engine.io/v2/transports"
	"github.com/zishang520/engine.io/v2/types"

	"reelroom/server/limits"
)

func init() {
	// The library looks its transports up in this map. A request that did not
	// pass our guard still gets the library's own, see attemptOf.
	transports.Transports()[transports.WEBSOCKET] = websocketBuilder{}
	transports.Transports()[transports.POLLING] = pollingBuilder{}
}

// attempt travels in the request's context from the guard to the transport that
// the library makes for the request, and back.
type attempt struct {
	door      *Door
	bearer    string         // the token of the request's header
	old       *pollTransport // what the request is to replace
	websocket *wsTransport
	place     atomic.Pointer[limits.Arrival] // of a new connection, until it takes it over
}

type attemptKey struct{}

func attemptOf(ctx *types.HttpContext) *attempt {
	a, _ := ctx.Request().Context().Value(attemptKey{}).(*attempt)
	return a
}

func withAttempt(ctx context.Context, a *attempt) context.Context {
	return context.WithValue(ctx, attemptKey{}, a)
}

type websocketBuilder struct{}

func (websocketBuilder) New(ctx *types.HttpContext) transports.Transport {
	a := attemptOf(ctx)
	if a == nil {
		return transports.NewWebSocket(ctx)
	}
	t := &wsTransport{Transport: transports.MakeTransport(), door: a.door, old: a.old, bearer: a.bearer}
	t.Prototype(t)
	t.Construct(ctx)
	a.websocket = t
	return t
}

func (websocketBuilder) Name() string                   { return transports.WEBSOCKET }
func (websocketBuilder) HandlesUpgrades() bool          { return true }
func (websocketBuilder) UpgradesTo() *types.Set[string] { return types.NewSet[string]() }

// wsTransport is the WebSocket transport. The library's own leaves its send
// loop after one frame of a broadcast, and with it the rest of a burst; it
// starts to read before anybody listens; it writes without a deadline.
//
// Gorilla's connection is only read here. All that is written goes through the
// outbox, as whole frames.
type wsTransport struct {
	transports.Transport
	door *Door
	conn *websocket.Conn
	out  *outbox
	old  *pollTransport // what this one is to replace, or has replaced
	// bearer is the token of the request's header, mostly none.
	bearer string

	pongs   pongs
	mu      sync.Mutex
	waiting bool // it has not yet replaced the old one
	pending []*packet.Packet
}

// Construct is called by the library's way of building objects.
func (t *wsTransport) Construct(ctx *types.HttpContext) {
	t.Transport.Construct(ctx)
	t.conn = ctx.Websocket.Conn
	t.out = newOutbox(t.conn.NetConn(), &t.door.flusher)
	t.conn.SetReadLimit(maxPayload)
	t.conn.SetPingHandler(func(data string) error {
		t.out.send(frameOf(opPong, []byte(data)))
		return nil
	})
	t.conn.SetCloseHandler(func(code int, _ string) error {
		t.out.close(closeFrame(code, ""))
		return nil
	})
	t.waiting = t.old != nil
	t.SetWritable(true)
}

func (t *wsTransport) Name() string          { return transports.WEBSOCKET }
func (t *wsTransport) HandlesUpgrades() bool { return true }

// start reads the connection. The guard calls it when the library has hung up
// all its listeners: no packet can come too early.
func (t *wsTransport) start() {
	t.door.opening.Lock()
	t.door.open.Add(1)
	t.door.readers.Store(t, struct{}{})
	t.door.opening.Unlock()
	go func() {
		defer t.door.open.Done()
		defer t.door.readers.Delete(t)
		t.read()
	}()
}

func (t *wsTransport) read() {
	defer func() {
		if p := recover(); p != nil {
			t.door.log.Error("a connection was closed by a panic", "panic", p, "stack", string(debug.Stack()))
			t.out.abort(errors.New("panic"))
			t.OnError("websocket error", errors.New("panic"))
		}
	}()
	for {
		kind, r, err := t.conn.NextReader()
		if err != nil {
			t.finish(err)
			return
		}
		data, err := io.ReadAll(r) // bounded by the read limit
		if err != nil {
			t.finish(err)
			return
		}
		t.receive(kind, data)
	}
}

func (t *wsTransport) receive(kind int, data []byte) {
	if t.ReadyState() != "open" {
		return
	}
	var buffer types.BufferInterface = types.NewStringBuffer(data)
	if kind == websocket.BinaryMessage {
		buffer = types.NewBytesBuffer(data)
	}
	p, err := t.Parser().DecodePacket(buffer)
	if err != nil {
		t.OnError("parse error", err)
		t.Close()
		return
	}
	if p.Type == packet.CLOSE {
		t.out.close(closeFrame(websocket.CloseNormalClosure, ""))
		t.OnClose()
		return
	}
	if t.old != nil && p.Type == packet.PING {
		// The probe of an upgrade. The library's own answer comes with a ticker
		// that it may forget to stop.
		if text, ok := p.Data.(*types.StringBuffer); ok && text.String() == "probe" && t.old.probe() {
			t.out.send(frameOf(opText, []byte("3probe")))
			return
		}
	}
	if !t.pongs.take(t.door, p, t.late) {
		t.door.bearers.with(t.bearer, p, t.OnPacket)
	}
}

// late delivers a packet that was held back, unless the connection has ended.
func (t *wsTransport) late(p *packet.Packet) {
	if t.ReadyState() == "open" {
		t.OnPacket(p)
	}
}

// finish tells the library, once, that the connection is over.
func (t *wsTransport) finish(err error) {
	if reason := t.out.reason(); reason != nil {
		err = reason
	}
	if errors.Is(err, errSlow) || errors.Is(err, errStuck) {
		t.door.stats.slow.Add(1)
	}
	t.out.abort(net.ErrClosed)
	if t.old != nil {
		t.old.unprobe()
	}
	var closed *websocket.CloseError
	if errors.As(err, &closed) || errors.Is(err, net.ErrClosed) || errors.Is(err, io.EOF) || t.ReadyState() == "closing" {
		t.OnClose()
		return
	}
	t.OnError("websocket error", err)
	t.OnClose()
}

// Send queues packets. It never blocks: the queue is bounded, and a reader that
// lets it fill is cut.
func (t *wsTransport) Send(packets []*packet.Packet) {
	t.mu.Lock()
	if t.waiting {
		t.pending = append(t.pending, packets...)
	} else {
		t.send(packets)
	}
	t.mu.Unlock()
	t.Emit("drain")
}

// deliver is Send for one message of a session.
func (t *wsTransport) deliver(m *message) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.waiting {
		t.pending = append(t.pending, &packet.Packet{Type: packet.MESSAGE, Data: m, Options: options})
		return
	}
	t.write(m)
}

// pressure is that of the outbox.
func (t *wsTransport) pressure(most int) <-chan struct{} { return t.out.pressure(most) }

func (t *wsTransport) write(m *message) {
	if m.shared {
		t.out.sendSoon(m.frame)
	} else {
		t.out.send(m.frame)
	}
}

// takeOver is called when this transport has replaced the old one: what waited
// there goes out first, then what the engine has sent here since.
func (t *wsTransport) takeOver(before []*packet.Packet) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waiting = false
	t.send(before)
	t.send(t.pending)
	t.pending = nil
}

// send encodes packets into the outbox; mu is held.
func (t *wsTransport) send(packets []*packet.Packet) {
	if len(packets) > 1 {
		t.out.cork()
		defer t.out.uncork()
	}
	for _, p := range packets {
		if m, ok := p.Data.(*message); ok && p.Type == packet.MESSAGE {
			t.write(m)
			continue
		}
		data, err := t.Parser().EncodePacket(p, true)
		if err != nil {
			t.door.log.Error("a packet could not be encoded", "error", err)
			continue
		}
		opcode := byte(opBinary)
		if _, text := data.(*types.StringBuffer); text {
			opcode = opText
		}
		t.out.send(frameOf(opcode, data.Bytes()))
	}
}

// DoClose is called by the library to close; what was queued goes out first.
func (t *wsTransport) DoClose(fn types.Callable) {
	if fn != nil {
		fn()
	}
	if t.Discarded() {
		t.out.abort(net.ErrClosed)
		return
	}
	t.out.close(closeFrame(websocket.CloseNormalClosure, ""))
}

// closeFrame makes a close frame (RFC 6455, 5.5.1); codes that must not stand
// in one are left out.
func closeFrame(code int, words string) []byte {
	return frameOf(opClose, websocket.FormatCloseMessage(code, words))
}
