//go:build !stock

package socketio

import (
	"bufio"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// A client that sends faster than it is served is not read further; nobody else
// waits for it, and nothing of what it sent is lost.
func TestSlowHandlerHoldsUpNobody(t *testing.T) {
	t.Parallel()
	open := make(chan struct{})
	got := make(chan int, 1)
	s := startServer(t, func(args []any) {
		<-open
		got <- int(args[0].(float64))
	})
	busy, other := connectRaw(t, s, "a:busy:viewer"), connectRaw(t, s, "a:other:viewer")
	const events = 10 * maxInbox
	go func() {
		for n := range events {
			_ = busy.conn.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `42["note",%d]`, n))
		}
	}()
	for n := range 20 {
		other.send(fmt.Sprintf(`42%d["echo",%d]`, n, n))
		other.expect(fmt.Sprintf(`43%d[%d]`, n, n))
	}
	close(open)
	for n := range events {
		select {
		case at := <-got:
			if at != n {
				t.Fatalf("event %d came as number %d", at, n)
			}
		case <-time.After(patience):
			t.Fatalf("nothing after %d events", n)
		}
	}
}

// wire is a WebSocket whose bytes the test writes itself.
type wire struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
}

func dialWire(t *testing.T, s *testServer) *wire {
	t.Helper()
	conn := must(net.Dial("tcp", strings.TrimPrefix(s.URL, "http://")))(t)
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(2 * patience))
	w := &wire{t, conn, bufio.NewReader(conn)}
	w.write([]byte("GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"))
	if answer := must(http.ReadResponse(w.in, nil))(t); answer.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("status %d", answer.StatusCode)
	}
	return w
}

func (w *wire) write(b []byte) {
	w.t.Helper()
	if _, err := w.conn.Write(b); err != nil {
		w.t.Fatal(err)
	}
}

// expect reads the next frame.
func (w *wire) expect(opcode byte, prefix string) string {
	w.t.Helper()
	var header [2]byte
	if _, err := io.ReadFull(w.in, header[:]); err != nil {
		w.t.Fatalf("waiting for %q: %v", prefix, err)
	}
	length := int(header[1])
	if length == 126 {
		var long [2]byte
		_ = must(io.ReadFull(w.in, long[:]))(w.t)
		length = int(binary.BigEndian.Uint16(long[:]))
	}
	data := make([]byte, length)
	_ = must(io.ReadFull(w.in, data))(w.t)
	if header[0] != final|opcode || !strings.HasPrefix(string(data), prefix) {
		w.t.Fatalf("got %x %.100q, want %x %q", header[0], data, opcode, prefix)
	}
	return string(data)
}

// What comes in pieces is put together; a breach of the protocol is answered
// with its code.
func TestFramesOverTheWire(t *testing.T) {
	t.Parallel()
	s := startServer(t, func([]any) {})
	for name, c := range map[string]struct {
		bytes []byte
		code  uint16
	}{
		"unmasked":  {[]byte{final | opText, 1, '3'}, websocket.CloseProtocolError},
		"text":      {clientFrame(final|opText, "\xff"), websocket.CloseInvalidFramePayloadData},
		"too big":   {append(binary.BigEndian.AppendUint64([]byte{final | opText, 0xFF}, 1<<40), 0, 0, 0, 0), websocket.CloseMessageTooBig},
		"a goodbye": {clientFrame(final|opClose, "\x0b\xb8bye"), 3000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := dialWire(t, s)
			w.expect(opText, "0{")
			for _, b := range clientFrame(opText, `40{"token":"a:u`) {
				w.write([]byte{b})
			}
			w.write(clientFrame(final|opPing, "still there?"))
			w.expect(opPong, "still there?")
			w.write(clientFrame(final|opContinuation, `:viewer"}`))
			w.expect(opText, "40{")
			w.expect(opText, `42["stream:ready"`)
			w.write(join(clientFrame(final|opText, `421["echo",1]`), clientFrame(final|opText, `422["echo",2]`), c.bytes))
			w.write(make([]byte, 10_000)) // what follows is of no interest
			for code := ""; code == ""; {
				var first [1]byte
				if peeked, err := w.in.Peek(1); err != nil {
					t.Fatalf("no close frame: %v", err)
				} else {
					copy(first[:], peeked)
				}
				if first[0] == final|opText {
					w.expect(opText, "43")
					continue
				}
				code = w.expect(opClose, "")
				if got := binary.BigEndian.Uint16([]byte(code)); got != c.code {
					t.Errorf("closed with %d, want %d", got, c.code)
				}
			}
			if _, err := w.in.ReadByte(); err == nil {
				t.Error("something came after the close frame")
			}
		})
	}
}

// A connection that is no plain TCP file is read and written all the same.
func TestWebsocketOverTLS(t *testing.T) {
	t.Parallel()
	plain := startServer(t, func([]any) {})
	server := httptest.NewTLSServer(plain.door)
	t.Cleanup(server.Close)
	dialer := websocket.Dialer{TLSClientConfig: &tls.Config{RootCAs: server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}}
	conn, _, err := dialer.Dial("wss"+strings.TrimPrefix(server.URL, "https")+"/socket.io/?EIO=4&transport=websocket", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	c := &rawClient{t, conn}
	c.expect("0{")
	c.send(connectPacket("a:u:viewer"))
	c.expect("40{")
	c.expect(`42["stream:ready"`)
	for n := range 100 {
		c.send(fmt.Sprintf(`42%d["echo",%d]`, n, n))
		c.expect(fmt.Sprintf(`43%d[%d]`, n, n))
	}
	go publishBurst(plain)
	for n := range burst {
		if got := number(t, "42"+c.expect("42")); got != n {
			t.Fatalf("event %d came as number %d", got, n)
		}
	}
	_ = conn.Close()
	for deadline := time.Now().Add(patience); plain.door.Stats().WebSocket != 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the end was not noticed")
		}
	}
}
