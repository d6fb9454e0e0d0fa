package api

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// checkTime bounds each readiness check.
const checkTime = 2 * time.Second

// Health is the answer of /healthz.
type Health struct {
	Status string `json:"status"`
}

func (a *api) healthz(w http.ResponseWriter, _ *http.Request) error {
	return Write(w, http.StatusOK, Health{Status: "ok"})
}

// Readiness is the answer of /readyz. It names what fails, but not why: anybody
// may ask.
type Readiness struct {
	// Status is "ok" or "failing", as is each check.
	Status string            `json:"status"`
	Checks map[string]string `json:"checks"`
}

// readyz runs all checks at once; requests that come meanwhile share them.
func (a *api) readyz(w http.ResponseWriter, r *http.Request) error {
	result, _, _ := a.ready.Do("", func() (any, error) { return a.check(context.WithoutCancel(r.Context())), nil })
	out := result.(Readiness)
	status := http.StatusOK
	if out.Status != "ok" {
		status = http.StatusServiceUnavailable
		w.Header().Set("Retry-After", "1")
	}
	return Write(w, status, out)
}

func (a *api) check(ctx context.Context) Readiness {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	out := Readiness{"ok", make(map[string]string, len(a.Checks))}
	var mu sync.Mutex
	var all sync.WaitGroup
	for name, check := range a.Checks {
		all.Go(func() {
			err := within(ctx, check)
			mu.Lock()
			defer mu.Unlock()
			out.Checks[name] = "ok"
			if err != nil {
				out.Status, out.Checks[name] = "failing", "failing"
				a.Logger.Warn("not ready", slog.String("check", name), slog.Any("error", err))
			}
		})
	}
	all.Wait()
	return out
}

// within ends with ctx even where the check does not.
func within(ctx context.Context, check func(context.Context) error) error {
	done := make(chan error, 1)
	go func() { done <- check(ctx) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
