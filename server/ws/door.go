package ws

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"reelroom/models"
	"reelroom/server/api"
	"reelroom/server/library"
	"reelroom/server/limits"
	"reelroom/server/stream"
)

// Library is the part of the library that this door reads.
type Library interface {
	// Standing tells how a video of the member's own organization stands. Also
	// with [models.ErrNotFound] its Cursor is set, unless the log does not answer.
	Standing(ctx context.Context, who models.Identity, id string) (library.Standing, error)
}

// Config is what the door needs.
type Config struct {
	Library Library
	// Batches may be nil: then there is no /ws/batch.
	Batches Batches
	Streams *stream.Streams
	// Limits may be nil: then nobody sends too much.
	Limits *limits.Limits
	// PingEvery is 30 s where it is 0.
	PingEvery time.Duration
	// Logger may be nil: then nothing is logged.
	Logger *slog.Logger
}

// Door is the raw WebSocket door of one node.
type Door struct {
	Config
	stats stats

	looks looks // at batches

	mu   sync.Mutex
	open int
	idle chan struct{} // closed while open is 0
}

// pingEvery is the old system's.
const pingEvery = 30 * time.Second

// New makes the door; it is one of the API's.
func New(c Config) *Door {
	if c.PingEvery == 0 {
		c.PingEvery = pingEvery
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	d := &Door{Config: c, idle: make(chan struct{})}
	close(d.idle)
	return d
}

// Routes implements [api.Door].
func (d *Door) Routes(g *api.Gate) []api.Route {
	routes := []api.Route{
		{Pattern: "GET /ws", Handle: func(w http.ResponseWriter, r *http.Request) error { return d.job(g, w, r) }},
	}
	if d.Batches != nil { // the last part may be empty: that is said in a close code
		routes = append(routes, api.Route{Pattern: "GET /ws/batch/{id...}", Handle: func(w http.ResponseWriter, r *http.Request) error { return d.batch(g, w, r) }})
	}
	return routes
}

// enter counts a connection until leave is called.
func (d *Door) enter() (leave func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.open == 0 {
		d.idle = make(chan struct{})
	}
	d.open++
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.open--; d.open == 0 {
			close(d.idle)
		}
	}
}

// Wait returns when no connection is left, or ctx has ended: once streams were
// told to end, their clients are still to be told why.
func (d *Door) Wait(ctx context.Context) {
	d.mu.Lock()
	idle := d.idle
	d.mu.Unlock()
	select {
	case <-idle:
	case <-ctx.Done():
	}
}
