package api

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"reelroom/models"
)

// entry is what the access log says about a request.
type entry struct {
	id   string
	who  models.Identity
	err  error
	gone bool
	out  *recorder
}

func (e *entry) wrote() bool { return e.out != nil && e.out.status != 0 }

type entryKey struct{}

// entryOf returns the request's entry. It carries nothing that permits anything.
func entryOf(r *http.Request) *entry {
	if e, ok := r.Context().Value(entryKey{}).(*entry); ok {
		return e
	}
	return &entry{}
}

// RequestID returns the id of a request that came through [New]'s handler.
func RequestID(r *http.Request) string { return entryOf(r).id }

// observe gives each request an id, writes one line about it when it has ended,
// and turns a panic into a 500. Neither a header nor a query is logged: they
// hold tokens and signatures.
func (a *api) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		e := &entry{id: r.Header.Get("X-Request-Id"), out: &recorder{ResponseWriter: w, control: http.NewResponseController(w)}}
		if !saneID(e.id) {
			e.id = models.NewID(began)
		}
		w.Header().Set("X-Request-Id", e.id)
		r = r.WithContext(context.WithValue(r.Context(), entryKey{}, e))
		r.Body = moving(r.Body, e.out.control)
		defer func() {
			p := recover()
			if p == http.ErrAbortHandler {
				panic(p)
			}
			begun := e.wrote()
			if p != nil {
				a.fail(e.out, r, fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
			}
			a.log(r, e, time.Since(began))
			e.out.finish()
			if p != nil && begun {
				panic(http.ErrAbortHandler) // the answer was under way: it must not look whole
			}
		}()
		next.ServeHTTP(e.out, r)
	})
}

func (a *api) log(r *http.Request, e *entry, took time.Duration) {
	level := slog.LevelInfo
	switch {
	case r.Pattern == "GET /healthz" || r.Pattern == "GET /readyz" || r.Pattern == "GET /metrics":
		level = slog.LevelDebug // what is not ready is said by readyz itself
	case e.out.status >= 500 && !e.gone:
		level = slog.LevelError
	}
	address, _, _ := net.SplitHostPort(r.RemoteAddr)
	fields := []slog.Attr{
		slog.String("requestId", e.id), slog.String("method", r.Method), slog.String("path", loggedPath(r.URL.Path)),
		slog.Int("status", e.out.status), slog.Int64("bytes", e.out.bytes), slog.Duration("took", took), slog.String("address", address),
	}
	if e.who.UserID != "" {
		fields = append(fields, slog.String("organization", e.who.OrganizationID), slog.String("user", e.who.UserID))
	}
	if e.err != nil {
		fields = append(fields, slog.Any("error", e.err))
	}
	a.Logger.LogAttrs(r.Context(), level, "request", fields...)
}

// loggedPath is a path as the log has it: without a token that somebody has sent
// in the place of an id. Each begins with the same letters, as JSON does.
func loggedPath(path string) string {
	before, _, found := strings.Cut(path, "eyJ")
	if !found {
		return path
	}
	return before + "…"
}

// saneID takes an id from a proxy in front, if it can stand in a log.
func saneID(id string) bool {
	if id == "" || len(id) > 64 {
		return false
	}
	for i := range len(id) {
		c := id[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_' || c == '.') {
			return false
		}
	}
	return true
}

// recorder notes what was answered. Its write deadline moves with what the
// client takes, so that a large answer may take its time, and a client that
// takes nothing is let go.
type recorder struct {
	http.ResponseWriter
	control *http.ResponseController
	status  int
	bytes   int64
	patient time.Duration // writeIdle where it is 0
}

// Stream tells that the answer to r comes bit by bit, and that a client which
// takes nothing for so long is let go. The connection must end with the answer.
// The returned function takes the deadline away while there is nothing to send.
func Stream(r *http.Request, patient time.Duration) (rest func()) {
	out := entryOf(r).out
	if out == nil {
		return func() {}
	}
	out.patient = patient
	return func() { out.move(time.Time{}) }
}

func (w *recorder) idle() time.Time {
	if w.patient > 0 {
		return time.Now().Add(w.patient)
	}
	return time.Now().Add(writeIdle)
}

const (
	// writeIdle is how long a client may take nothing. A player that pauses asks
	// again, from where it was.
	writeIdle = 2 * time.Minute
	// buffered is more than net/http holds back of an answer.
	buffered = 16 << 10
)

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		w.status = status
	}
	w.move(w.idle())
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	w.move(w.idle())
	n, err := w.ResponseWriter.Write(p)
	w.bytes += int64(n)
	return n, err
}

// finish takes the deadline away: the connection may serve other handlers next.
func (w *recorder) finish() {
	if w.patient > 0 { // not this one; and net/http writes the end of a chunked body
		w.move(w.idle())
		return
	}
	if w.bytes > buffered {
		_ = w.control.Flush() // the rest of a large answer is still under the deadline
	}
	w.move(time.Time{})
}

// move sets the deadline; a writer without deadlines, as in tests, has none.
func (w *recorder) move(to time.Time) { _ = w.control.SetWriteDeadline(to) }

// Unwrap serves http.ResponseController.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }
