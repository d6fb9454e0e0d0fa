package health

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"
)

const (
	// checkTime bounds each check.
	checkTime = 2 * time.Second
	// freshTime is how long what a check found is used again.
	freshTime = time.Second
	// waitTime is how long [Checker.Ready] waits for checks that are not needed
	// for its status.
	waitTime = 200 * time.Millisecond
)

// Checker checks the process and the services that it shares. Its fields are
// set before it is used.
type Checker struct {
	// Serving returns an error while this process cannot serve.
	Serving func() error
	// Shared are the checks of services, by name. Each returns nil, a [Warning],
	// or what is wrong.
	Shared map[string]func(context.Context) error
	Logger *slog.Logger

	mu      sync.Mutex
	running chan struct{} // closed at the end of the checks under way; nil for none
	checked time.Time     // the end of the last ones
	results map[string]result
	hung    map[string]bool // checks that have not returned
}

// Ready tells whether this process can serve; the state of the shared services
// stands in the answer as far as it is known.
func (c *Checker) Ready(ctx context.Context) (Readiness, bool) {
	return c.readiness(c.look(ctx, waitTime), false)
}

// Deep tells whether this process can serve and all shared services can be used.
func (c *Checker) Deep(ctx context.Context) (Readiness, bool) {
	return c.readiness(c.look(ctx, 2*checkTime), true)
}

func (c *Checker) readiness(results map[string]result, deep bool) (Readiness, bool) {
	serving := result{state: ok}
	if c.Serving != nil {
		serving = resultOf(c.Serving())
	}
	out := Readiness{Status: ok, Checks: map[string]string{"serving": serving.state}}
	good := serving.state == ok
	for _, name := range slices.Sorted(maps.Keys(c.Shared)) {
		r, known := results[name]
		if !known {
			r.state = unknown
		}
		out.Checks[name] = r.state
		if r.problem != "" {
			out.Problems = append(out.Problems, r.problem)
		}
		out.Warnings = append(out.Warnings, r.warnings...)
		good = good && (!deep || r.state == ok)
	}
	out.Problems = slices.Compact(out.Problems)
	if !good {
		out.Status = failing
	}
	return out, good
}

// look returns what is known of the shared services. It begins the checks where
// the last ones are not fresh, and waits for them, but no longer than d.
func (c *Checker) look(ctx context.Context, d time.Duration) map[string]result {
	c.mu.Lock()
	if c.running == nil && (c.checked.IsZero() || time.Since(c.checked) >= freshTime) {
		c.running = make(chan struct{})
		go c.run(context.WithoutCancel(ctx), c.running)
	}
	running := c.running
	c.mu.Unlock()
	if running != nil {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-running:
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.results)
}

// run checks everything at once.
func (c *Checker) run(ctx context.Context, done chan struct{}) {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	var all sync.WaitGroup
	for name, check := range c.Shared {
		all.Go(func() { c.note(name, resultOf(c.ask(ctx, name, check))) })
	}
	all.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.checked, c.running = time.Now(), nil
	close(done)
}

// note keeps what a check found, and logs what has changed.
func (c *Checker) note(name string, r result) {
	c.mu.Lock()
	before, known := c.results[name]
	if c.results == nil {
		c.results = map[string]result{}
	}
	c.results[name] = r
	c.mu.Unlock()
	if c.Logger == nil {
		return
	}
	switch {
	case r.state == failing && before.state != failing:
		c.Logger.Warn("a service cannot be used", "check", name, "error", r.err)
	case r.state == ok && known && before.state == failing:
		c.Logger.Info("a service can be used again", "check", name)
	}
	for _, w := range r.warnings {
		if known && !slices.Contains(before.warnings, w) { // at the start they are told by whoever opened it
			c.Logger.Warn(w, "check", name)
		}
	}
}

// ask calls a check and ends with ctx even where the check does not. One that
// has not returned is not called again.
func (c *Checker) ask(ctx context.Context, name string, check func(context.Context) error) error {
	c.mu.Lock()
	if c.hung[name] {
		c.mu.Unlock()
		return context.DeadlineExceeded
	}
	if c.hung == nil {
		c.hung = map[string]bool{}
	}
	c.hung[name] = true
	c.mu.Unlock()
	done := make(chan error, 1)
	go func() {
		err := check(ctx)
		c.mu.Lock()
		delete(c.hung, name)
		c.mu.Unlock()
		done <- err
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
