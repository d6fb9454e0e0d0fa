package connguard

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"time"
)

const (
	// readerTime is how long a verified client may take for a part of an answer.
	// A player that pauses asks again, from where it was.
	readerTime = 2 * time.Minute
	// partBytes is the size of such a part.
	partBytes = 32 << 10
	// buffered is more than net/http holds back of an answer.
	buffered = 16 << 10
)

// writer is the answer to a request. Its write deadline moves with what the
// client takes, so that a large answer may take its time, and a client that
// takes nothing is let go.
type writer struct {
	http.ResponseWriter
	visit    *visit
	bytes    int64
	patience time.Duration // of a stream; 0 for all others
	began    bool
	hijacked bool
}

// Stream tells that the answer to a request comes bit by bit, and that a client
// which takes nothing for so long is let go. The connection must end with the
// answer. The returned function takes the deadline away while there is nothing
// to send.
func Stream(ctx context.Context, patience time.Duration) (rest func()) {
	v := visitOf(ctx)
	if v == nil {
		return func() {}
	}
	v.out.patience = patience
	return func() { v.out.move(time.Time{}) }
}

func (w *writer) limit() time.Time {
	switch {
	case w.patience > 0:
		return time.Now().Add(w.patience)
	case w.visit.verified.Load():
		return time.Now().Add(readerTime)
	}
	return time.Now().Add(strangerTime)
}

func (w *writer) WriteHeader(status int) {
	if status >= 200 || status == http.StatusSwitchingProtocols {
		w.begin()
	}
	w.move(w.limit())
	w.ResponseWriter.WriteHeader(status)
}

// begin decides whether the connection is kept after the answer.
func (w *writer) begin() {
	if w.began {
		return
	}
	w.began = true
	w.visit.leaveRest()
	if w.visit.conn.old() {
		w.Header().Set("Connection", "close")
	}
}

func (w *writer) Write(p []byte) (n int, err error) {
	w.begin()
	for {
		part := p[n:min(n+partBytes, len(p))]
		w.move(w.limit())
		m, err := w.ResponseWriter.Write(part)
		n += m
		w.bytes += int64(m)
		if err != nil || n >= len(p) {
			return n, err
		}
	}
}

// finish leaves the deadline of what net/http holds back.
func (w *writer) finish() {
	if w.hijacked {
		return
	}
	w.begin()
	if w.bytes > buffered && w.patience == 0 {
		_ = w.visit.control.Flush()
	}
	w.move(w.limit())
}

// move sets the deadline; a writer without deadlines, as in tests, has none.
func (w *writer) move(to time.Time) { _ = w.visit.control.SetWriteDeadline(to) }

// Hijack serves http.ResponseController.
func (w *writer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c, rw, err := w.visit.control.Hijack()
	w.hijacked = err == nil
	return c, rw, err
}

// Unwrap serves http.ResponseController.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }
