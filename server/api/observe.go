package api

import (
	"context"
	"fmt"
	"log/slog"
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
		e := &entry{id: r.Header.Get("X-Request-Id"), out: &recorder{ResponseWriter: w}}
		if !saneID(e.id) {
			e.id = models.NewID(began)
		}
		w.Header().Set("X-Request-Id", e.id)
		r = r.WithContext(context.WithValue(r.Context(), entryKey{}, e))
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
	fields := []slog.Attr{
		slog.String("requestId", e.id), slog.String("method", r.Method), slog.String("path", loggedPath(r.URL.Path)),
		slog.Int("status", e.out.status), slog.Int64("bytes", e.out.bytes), slog.Duration("took", took), slog.String("address", a.Limits.Client(r)),
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

// recorder notes what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(p)
	w.bytes += int64(n)
	return n, err
}

// Unwrap serves http.ResponseController.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }
