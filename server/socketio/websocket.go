package socketio

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"runtime/debug"
	"sync"

	"github.com/gorilla/websocket"
	"github.com/zishang520/engine.io/v2/transports"

	"reelroom/server/connguard"
)

// wsTransport is one WebSocket. The library's own leaves its send loop after one
// frame of a broadcast, and with it the rest of a burst; it starts to read
// before anybody listens; it writes without a deadline; and it keeps a goroutine
// with buffers for each.
//
// The handshake is gorilla's. All that is written then goes through the outbox,
// as whole frames, and all that comes through frames.
type wsTransport struct {
	transports.Transport // for what only the library's own engine calls
	conn                 *conn
	out                  outbox
	frames               frames
	reader
	deaf        bool // what still comes is of no interest
	missesClose bool // see there

	once sync.Once // the end
}

// newWebsocket answers the handshake of a WebSocket. The peer must not send
// before it has the answer; gorilla refuses one that did, so that nothing is
// left in the buffers that it is let go with.
func newWebsocket(c *conn, w http.ResponseWriter, r *http.Request) (*wsTransport, error) {
	upgrader := websocket.Upgrader{
		HandshakeTimeout: writeTime, // of its answer
		// The first one that the client offers is taken, as by the reference
		// implementation: a browser gives up when none is.
		Subprotocols: websocket.Subprotocols(r),
		CheckOrigin:  func(*http.Request) bool { return true }, // the guard has
		Error:        func(w http.ResponseWriter, _ *http.Request, _ int, _ error) { reject(w, rejectQuery) },
	}
	shaken, err := upgrader.Upgrade(hijacker{w}, r, nil)
	if err != nil {
		return nil, err
	}
	t := &wsTransport{Transport: unused, conn: c, frames: newFrames(c.mostBytes()), missesClose: missesClose(r.Header)}
	tcp := shaken.NetConn()
	t.out = outbox{conn: tcp, raw: rawConn(tcp), door: c.door, ended: t.kick, full: t.overflow}
	return t, nil
}

// Name is what the library calls this transport.
func (*wsTransport) Name() string { return transports.WEBSOCKET }

// Writable is always true: the outbox waits for the reader.
func (*wsTransport) Writable() bool { return true }

// pressure is that of the outbox.
func (t *wsTransport) pressure(most int) <-chan struct{} { return t.out.pressure(most) }

// start begins to read.
func (t *wsTransport) start() {
	t.conn.door.links.reads(t, true)
	t.listen()
}

// vouch tells the guard of the TCP connection that a token was verified on it.
func (t *wsTransport) vouch() {
	if c, ok := t.out.conn.(*connguard.Conn); ok {
		c.Verified()
	}
}

// took is called with bytes that have come. After a breach of the protocol the
// peer is told why, and has [closeTime] to read it.
func (t *wsTransport) took(data []byte) error {
	defer func() {
		if p := recover(); p != nil {
			t.conn.door.log.Error("a connection was closed by a panic", "panic", p, "stack", string(debug.Stack()))
			t.out.abort(errPanic)
		}
	}()
	if t.deaf {
		return nil
	}
	t.frames.limit = t.conn.mostBytes()
	err := t.frames.read(data, t)
	var closed *closedError
	if err == nil || errors.As(err, &closed) {
		return err
	}
	t.deaf = true
	t.close(endingOf(reasonError, err))
	if !t.conn.untry(t) {
		t.conn.end(reasonError, err)
	}
	return nil
}

func (t *wsTransport) onPing(data []byte) {
	t.out.put(&message{frame: frameOf(opPong, data)}, false)
}

func (t *wsTransport) onPong() {}

// Why a WebSocket is ended.
var (
	errTrial = errors.New("the change of transport went wrong")
	errPanic = errors.New("panic")
)

func (t *wsTransport) onMessage(binary bool, data []byte) error {
	trial, fine := t.conn.tried(t, binary, data)
	switch {
	case trial && fine:
		return nil
	case trial:
		return errTrial
	}
	if err := t.conn.receive(binary, data); err != nil {
		t.conn.fail(err)
	}
	return nil
}

// overflow ends the connection of a reader that is too slow, and returns the
// last that it is sent. The lock of the outbox is held, and maybe that of the
// connection.
func (t *wsTransport) overflow() (last []byte) {
	t.conn.cut(errSlow)
	go t.conn.end(reasonError, errSlow)
	if t.missesClose {
		return nil
	}
	return closeFrame(endSlow.code, endSlow.reason)
}

// finish ends the reading, once, and with it the connection, unless this is only
// what might have replaced polling. err is why.
func (t *wsTransport) finish(err error) {
	t.once.Do(func() {
		defer t.conn.door.links.reads(t, false)
		if reason := t.out.reason(); reason != nil {
			err = reason
		}
		var closed *closedError
		if errors.As(err, &closed) {
			t.out.close(closeFrame(closed.code, ""))
		}
		t.out.abort(net.ErrClosed)
		if t.conn.untry(t) {
			return
		}
		t.conn.cut(err)
		if closed != nil || errors.Is(err, net.ErrClosed) || errors.Is(err, io.EOF) {
			t.conn.end(reasonPeer, nil)
		} else {
			t.conn.end(reasonError, err)
		}
	})
}

// closeFrame makes a close frame (RFC 6455, 5.5.1); codes that must not stand
// in one are left out.
func closeFrame(code int, words string) []byte {
	return frameOf(opClose, websocket.FormatCloseMessage(code, words))
}

// hijacker finds the connection under whatever is wrapped around the response.
type hijacker struct{ http.ResponseWriter }

func (h hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return http.NewResponseController(h.ResponseWriter).Hijack()
}
