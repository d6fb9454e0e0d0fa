package auth

import (
	"log/slog"
	"net/http"
	"sync"
	"time"
)

const (
	// refusalPause is how often a refused origin is logged, and maxRefusals how
	// many origins are in that time.
	refusalPause = time.Minute
	maxRefusals  = 16
)

// refusals logs refused origins, each at most once in a pause: a page asks again
// and again, and anybody can name any origin.
type refusals struct {
	logger *slog.Logger

	mu      sync.Mutex
	since   time.Time
	logged  map[string]bool
	skipped int
}

func (l *refusals) log(origin string, r *http.Request) {
	if l.logger == nil {
		return
	}
	origin = shown(origin)
	l.mu.Lock()
	now := time.Now()
	if l.logged == nil || now.Sub(l.since) >= refusalPause {
		l.since, l.logged = now, map[string]bool{}
	}
	if l.logged[origin] || len(l.logged) >= maxRefusals {
		l.skipped++
		l.mu.Unlock()
		return
	}
	l.logged[origin] = true
	skipped := l.skipped
	l.skipped = 0
	l.mu.Unlock()
	l.logger.Warn("a page was refused: its origin is neither that of PUBLIC_URL nor in FRONTEND_URL", "origin", origin, "method", r.Method, "path", r.URL.Path, "notLogged", skipped)
}
