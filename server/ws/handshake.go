package ws

import (
	"bufio"
	"encoding/base64"
	"net"
	"net/http"
	"strings"

	"reelroom/models"
)

var errNoWebSocket = models.Errorf(models.CodeUpgradeRequired, "This address is for a WebSocket of version 13.")

// check refuses over HTTP what is no WebSocket, before anything is done for it.
func (d *Door) check(w http.ResponseWriter, r *http.Request) error {
	if !handshakes(r) {
		h := w.Header()
		h.Set("Connection", "Upgrade")
		h.Set("Upgrade", "websocket")
		h.Set("Sec-WebSocket-Version", "13")
		return errNoWebSocket
	}
	return nil
}

// handshakes reports whether the library will take the request (RFC 6455,
// section 4.2.1).
func handshakes(r *http.Request) bool {
	keys := r.Header.Values("Sec-WebSocket-Key")
	if r.Method != http.MethodGet || !r.ProtoAtLeast(1, 1) || r.ProtoMajor != 1 || len(keys) != 1 {
		return false
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(keys[0]))
	return err == nil && len(key) == 16 && r.Header.Get("Sec-WebSocket-Version") == "13" &&
		hasToken(r.Header, "Connection", "upgrade") && hasToken(r.Header, "Upgrade", "websocket")
}

func hasToken(h http.Header, name, token string) bool {
	for _, value := range h.Values(name) {
		for one := range strings.SplitSeq(value, ",") {
			if strings.EqualFold(strings.TrimSpace(one), token) {
				return true
			}
		}
	}
	return false
}

// The buffers of a connection, in bytes: clients say little, and most messages
// of the server fit.
const (
	readBuffer  = 512
	writeBuffer = 2 << 10
)

// takeover is a response writer that hands its connection over with small
// buffers, and remembers it: the library's way to close one waits for a client
// without bound where that has begun a large message.
type takeover struct {
	http.ResponseWriter
	wire net.Conn
}

// Hijack is called once.
func (t *takeover) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	wire, held, err := http.NewResponseController(t.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	t.wire = wire
	early := held.Reader.Buffered() // what the client sent without waiting for the answer
	reader := bufio.NewReaderSize(held.Reader, max(readBuffer, early))
	if _, err := reader.Peek(early); err != nil {
		return nil, nil, err
	}
	return wire, bufio.NewReadWriter(reader, bufio.NewWriterSize(wire, writeBuffer)), nil
}
