package socketio

import (
	"bufio"
	"errors"
	"net"
	"net/http"
	"sync"
)

// answer is the response that the library writes to. The library answers a poll
// from a goroutine of its own, and lets the request end when its client goes
// away, even in the middle of that: what it then writes would reach a buffer
// that net/http has already given to another request, of whoever that is. The
// answer is cut off from the response when the request ends.
type answer struct {
	header http.Header

	mu    sync.Mutex
	inner http.ResponseWriter // nil when the request has ended or was hijacked
	sent  bool
}

var errEnded = errors.New("the request has ended")

func newAnswer(w http.ResponseWriter) *answer {
	return &answer{header: w.Header().Clone(), inner: w}
}

// Header returns the header that WriteHeader sends.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader sends the header, unless the request has ended.
func (a *answer) WriteHeader(status int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.writeHeader(status)
}

func (a *answer) writeHeader(status int) {
	if a.inner == nil || a.sent {
		return
	}
	a.sent = true
	to := a.inner.Header()
	clear(to)
	for key, values := range a.header {
		to[key] = values
	}
	a.inner.WriteHeader(status)
}

// Write sends data, unless the request has ended.
func (a *answer) Write(data []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.inner == nil {
		return 0, errEnded
	}
	a.writeHeader(http.StatusOK)
	return a.inner.Write(data)
}

// Hijack hands the connection over for a WebSocket.
func (a *answer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.inner == nil {
		return nil, nil, errEnded
	}
	conn, rw, err := http.NewResponseController(a.inner).Hijack()
	if err == nil {
		a.inner = nil
	}
	return conn, rw, err
}

// end waits for a write that is under way and lets no other begin.
func (a *answer) end() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.inner = nil
}
