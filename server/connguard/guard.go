package connguard

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"reelroom/server/limits"
)

const (
	// strangerTime is how long a request may take to arrive, head and body
	// together, until a token was verified, and how long a connection that never
	// brought a good token may be idle.
	strangerTime = 10 * time.Second
	// strangerBytes bounds the body of a request until a token was verified.
	strangerBytes = 8 << 10
	// headerBytes bounds the head of a request: a token of 8 KiB, and as much of
	// everything else.
	headerBytes = 16 << 10
	// idleTime is how long a connection that brought a good token may be idle.
	idleTime = 2 * time.Minute
)

// Problem writes an error in the form of the API: the status, the seconds after
// which to try again, and the body, of the type application/problem+json.
type Problem func(error) (status, retryAfter int, body []byte)

// Config is what a guard needs. All fields but Logger are required.
type Config struct {
	Limits  *limits.Limits
	Problem Problem
	// Probes are the paths that are answered also on connections that there is
	// no room for.
	Probes []string
	// Logger may be nil: then nothing is logged.
	Logger *slog.Logger
}

// Guard is the guard of one server.
type Guard struct {
	Config
	probes map[string]bool

	mu sync.Mutex
	// strangers are the connections that brought no good token yet, oldest
	// first, by the address of their peer.
	strangers map[limits.Address]*connList
	// overflow are the connections that there was no room for and that are read
	// nevertheless, oldest first.
	overflow connList
	warned   time.Time // when a refusal was last logged
	unlogged int       // refusals since then
}

// New makes a guard.
func New(c Config) *Guard {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	g := &Guard{Config: c, probes: map[string]bool{}, strangers: map[limits.Address]*connList{}}
	for _, path := range c.Probes {
		g.probes[path] = true
	}
	return g
}

// Server returns a server that serves h with the guard's bounds. It is to serve
// a listener of [Guard.Listen].
func (g *Guard) Server(h http.Handler) *http.Server {
	return &http.Server{
		Handler: g.Handler(h), ConnContext: withConn, ConnState: noteState,
		// Handlers move the deadlines: see visit.
		ReadHeaderTimeout: strangerTime, ReadTimeout: strangerTime, WriteTimeout: strangerTime,
		IdleTimeout: idleTime, MaxHeaderBytes: headerBytes,
		ErrorLog: slog.NewLogLogger(g.Logger.Handler(), slog.LevelDebug),
	}
}

type connKey struct{}

func withConn(ctx context.Context, c net.Conn) context.Context {
	if c, ok := c.(*Conn); ok {
		return context.WithValue(ctx, connKey{}, c)
	}
	return ctx
}

func noteState(c net.Conn, state http.ConnState) {
	if c, ok := c.(*Conn); ok {
		c.state.Store(int32(state))
	}
}
