package socketio

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"runtime/debug"

	"github.com/gorilla/websocket"
	"github.com/zishang520/engine.io/v2/transports"
)

// rejection is a request that does not reach the library. Code and message are
// those of the Engine.IO protocol, which clients know.
type rejection struct {
	status  int
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func (r *rejection) Error() string { return r.Message }

// The rejections.
var (
	rejectVersion   = &rejection{http.StatusBadRequest, 5, "Unsupported protocol version"}
	rejectTransport = &rejection{http.StatusBadRequest, 0, "Transport unknown"}
	rejectMethod    = &rejection{http.StatusBadRequest, 2, "Bad handshake method"}
	rejectSid       = &rejection{http.StatusBadRequest, 1, "Session ID unknown"}
	rejectQuery     = &rejection{http.StatusBadRequest, 3, "Bad request"}
	rejectType      = &rejection{http.StatusUnsupportedMediaType, 3, "Bad request: send text/plain"}
	rejectSize      = &rejection{http.StatusRequestEntityTooLarge, 3, "Payload too large"}
	rejectDraining  = &rejection{http.StatusServiceUnavailable, 3, "Shutting down"}
)

const maxQueryBytes = 2048

// checkQuery judges the query of a request; upgrade tells whether it asks for a
// WebSocket. The library takes a request for another revision of the protocol
// when "EIO" is missing, and then reads what it never made.
func checkQuery(raw string, upgrade bool) error {
	if len(raw) > maxQueryBytes {
		return rejectQuery
	}
	q, err := url.ParseQuery(raw)
	if err != nil {
		return rejectQuery
	}
	if eio := q["EIO"]; len(eio) != 1 || eio[0] != "4" {
		return rejectVersion
	}
	transport := q["transport"]
	if len(transport) != 1 {
		return rejectTransport
	}
	switch transport[0] {
	case transports.POLLING:
		if upgrade {
			return rejectTransport
		}
	case transports.WEBSOCKET:
		if !upgrade {
			return rejectTransport
		}
	default:
		return rejectTransport
	}
	if q.Has("j") { // JSONP: runs as a script of any page
		return rejectQuery
	}
	if sid, ok := q["sid"]; ok && (len(sid) != 1 || !validSid(sid[0])) {
		return rejectQuery
	}
	return nil
}

// validSid reports whether the library could have made this session id.
func validSid(sid string) bool {
	if sid == "" || len(sid) > 64 {
		return false
	}
	for i := range len(sid) {
		c := sid[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_') {
			return false
		}
	}
	return true
}

// ServeHTTP judges a request before the library sees it.
func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !d.admitsPage(w, r) {
		return
	}
	upgrade := websocket.IsWebSocketUpgrade(r)
	if err := d.admits(r, upgrade); err != nil {
		reject(w, err)
		return
	}
	defer func() {
		if p := recover(); p != nil {
			d.log.Error("a request made the library panic", "panic", p, "stack", string(debug.Stack()))
			panic(http.ErrAbortHandler)
		}
	}()
	if err := d.serve(w, r, upgrade); err != nil {
		reject(w, err)
	}
}

func (d *Door) admits(r *http.Request, upgrade bool) error {
	switch {
	case d.ctx.Err() != nil, d.draining.Load() && !r.URL.Query().Has("sid"):
		return rejectDraining
	case r.Method != http.MethodGet && r.Method != http.MethodPost, upgrade && r.Method != http.MethodGet:
		return rejectMethod
	}
	return checkQuery(r.URL.RawQuery, upgrade)
}

// restBytes is how much of a body that is too large is read nevertheless, so
// that an honest client has sent it when it is told: one that is cut in the
// middle sees a broken connection in place of the answer.
const restBytes = 256 << 10

// readBody reads the body of a POST of at most so many bytes: all of it, or
// nothing.
func readBody(r *http.Request, most int) ([]byte, error) {
	if t := r.Header.Get("Content-Type"); t != "" {
		if kind, _, err := mime.ParseMediaType(t); err != nil || kind != "text/plain" {
			return nil, rejectType
		}
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, int64(most)+1))
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return nil, rejectSize
	}
	if err != nil {
		return nil, rejectQuery
	}
	if len(body) > most {
		_, _ = io.CopyN(io.Discard, r.Body, restBytes)
		return nil, rejectSize
	}
	return body, nil
}

func reject(w http.ResponseWriter, err error) {
	var r *rejection
	if !errors.As(err, &r) {
		r = rejectQuery
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Connection", "close")
	w.WriteHeader(r.status)
	_ = json.NewEncoder(w).Encode(r)
}
