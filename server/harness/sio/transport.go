package sio

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/coder/websocket"
)

// MaxMessageBytes bounds one message from the server.
const MaxMessageBytes = 4 << 20

// partingTime bounds the courtesy of saying good-bye.
const partingTime = time.Second

// Transport is how packets travel.
type Transport string

// The transports. There is no upgrade from one to the other.
const (
	WebSocket Transport = "websocket"
	Polling   Transport = "polling"
)

// wire carries Engine.IO packets. read is called by one goroutine, the other
// methods by any.
type wire interface {
	// read returns the next packet; abort ends it.
	read() (string, error)
	// write sends one packet.
	write(ctx context.Context, packet string) error
	// abort drops the connection at once; it may be called often.
	abort()
	// part sends the last packet and closes in order, within [partingTime].
	part(packet string)
}

// opening is the data of the Engine.IO OPEN packet; times are in milliseconds.
type opening struct {
	SID          string `json:"sid"`
	PingInterval int    `json:"pingInterval"`
	PingTimeout  int    `json:"pingTimeout"`
	MaxPayload   int    `json:"maxPayload"`
}

// silence is how long a healthy server may send no ping.
func (o opening) silence() time.Duration {
	return time.Duration(o.PingInterval+o.PingTimeout) * time.Millisecond
}

// longestSilence bounds what a server may ask the client to sit through.
const longestSilence = 10 * time.Minute

func parseOpening(s string) (opening, error) {
	var o opening
	if s == "" || s[0] != engineOpen || json.Unmarshal([]byte(s[1:]), &o) != nil {
		return o, fmt.Errorf("%w: no OPEN packet", ErrProtocol)
	}
	if o.PingInterval < 0 || o.PingTimeout < 0 || o.silence() <= 0 || o.silence() > longestSilence {
		return o, fmt.Errorf("%w: ping times out of range", ErrProtocol)
	}
	return o, nil
}

// endpoint returns the address of the Engine.IO server.
func endpoint(base string, t Transport) (*url.URL, error) {
	u, err := url.Parse(base)
	if err != nil {
		return nil, err
	}
	if u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%q is not an http or https address", base)
	}
	u.Path = strings.TrimSuffix(u.Path, "/") + "/socket.io/"
	u.RawQuery = url.Values{"EIO": {"4"}, "transport": {string(t)}}.Encode()
	return u, nil
}

type wsWire struct{ conn *websocket.Conn }

func dialWebSocket(ctx context.Context, client *http.Client, u *url.URL) (wire, error) {
	conn, resp, err := websocket.Dial(ctx, u.String(), &websocket.DialOptions{HTTPClient: client})
	if err != nil {
		if resp != nil && resp.StatusCode != http.StatusSwitchingProtocols {
			return nil, handshakeError(resp)
		}
		return nil, err
	}
	conn.SetReadLimit(MaxMessageBytes)
	return &wsWire{conn}, nil
}

func handshakeError(resp *http.Response) error {
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
	return &HandshakeError{Status: resp.StatusCode, Body: body}
}

func (w *wsWire) read() (string, error) {
	kind, b, err := w.conn.Read(context.Background())
	switch {
	case errors.Is(err, websocket.ErrMessageTooBig):
		return "", fmt.Errorf("%w: %w", ErrTooLarge, err)
	case err != nil:
		return "", err
	case kind != websocket.MessageText:
		return "", fmt.Errorf("%w: binary frame", ErrProtocol)
	}
	return string(b), nil
}

func (w *wsWire) write(ctx context.Context, packet string) error {
	return w.conn.Write(ctx, websocket.MessageText, []byte(packet))
}

func (w *wsWire) abort() { _ = w.conn.CloseNow() }

func (w *wsWire) part(packet string) {
	ctx, cancel := context.WithTimeout(context.Background(), partingTime)
	defer cancel()
	hurry := context.AfterFunc(ctx, w.abort)
	defer hurry()
	_ = w.write(ctx, packet)
	_ = w.conn.Close(websocket.StatusNormalClosure, "")
}
