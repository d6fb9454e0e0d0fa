package load

import (
	"context"
	"errors"
	"maps"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Config says what a fleet is. URLs, Sockets and Dialect are needed.
type Config struct {
	// URLs are http or https addresses of the nodes; client n begins at node n
	// modulo their number, and goes on to the next one when it loses a
	// connection.
	URLs    []string
	Sockets int
	Dialect Dialect
	// Token is asked before each connection; nil sends none.
	Token func(number int) (string, error)
	// Run is the marker's run; Org says which organization a client belongs to,
	// nil that there is one, number 0.
	Run string
	Org func(number int) int
	// Videos are what a client subscribes to after each connect (Socket.IO).
	Videos func(number int) []string
	// Deaf are clients that read nothing once they are connected, until
	// [Fleet.Wake]. They count neither as expected nor as lost.
	Deaf func(number int) bool
	// Parallel is how many connect at once; 64.
	Parallel int
	// ConnectTimeout bounds one connection up to the server's yes; 20 s.
	ConnectTimeout time.Duration
	// Route chooses among the URLs for a client's nth connection, from 0; nil
	// for the rule above.
	Route func(number, connection int) int
	// Stamp reads a time of the server's own from a message; what it found is
	// counted in Stamped.
	Stamp func(message []byte) (at time.Time, ok bool)
	// Backoff is the wait before a client comes again for the nth time; nil
	// leaves it away.
	Backoff func(attempt int) time.Duration
}

// Fleet is many clients. Make it with [New], then call Connect once.
type Fleet struct {
	// Latency is from a marker's time to its arrival; Connects from dialling to
	// the server's yes.
	Latency, Connects Histogram
	// Stamped is from the server's own time, where the configuration reads one.
	Stamped Histogram

	config Config
	conns  []*Conn
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup
	// awake is closed by Wake.
	awake chan struct{}
	wake  sync.Once

	received, foreign, bytes         atomic.Uint64
	online, connects, resumes, drops atomic.Int64

	mu      sync.Mutex
	reasons map[string]int
}

// New returns a fleet that has no connection yet.
func New(c Config) *Fleet {
	if c.Parallel <= 0 {
		c.Parallel = 64
	}
	if c.Route == nil {
		c.Route = func(number, connection int) int { return number + connection }
	}
	if c.ConnectTimeout <= 0 {
		c.ConnectTimeout = 20 * time.Second
	}
	f := &Fleet{config: c, awake: make(chan struct{}), reasons: map[string]int{}}
	f.ctx, f.cancel = context.WithCancel(context.Background())
	for n := range c.Sockets {
		conn := &Conn{Number: n, fleet: f, deaf: c.Deaf != nil && c.Deaf(n)}
		if c.Org != nil {
			conn.org = c.Org(n)
		}
		f.conns = append(f.conns, conn)
	}
	return f
}

// Connect brings every client in and returns how long that took. Clients that
// were refused, or did not get through, are in [Fleet.Failures]. It ends with
// ctx; the clients end with Close.
func (f *Fleet) Connect(ctx context.Context) (took time.Duration, err error) {
	begin := time.Now()
	slots := make(chan struct{}, f.config.Parallel)
	var first sync.WaitGroup
	for _, c := range f.conns {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return time.Since(begin), context.Cause(ctx)
		}
		first.Add(1)
		c.tried = sync.OnceFunc(func() { <-slots; first.Done() })
		f.wg.Go(func() { c.live(f.ctx) })
	}
	all := make(chan struct{})
	go func() { first.Wait(); close(all) }()
	select {
	case <-all:
		return time.Since(begin), nil
	case <-ctx.Done():
		return time.Since(begin), context.Cause(ctx)
	}
}

// live keeps a client connected.
func (c *Conn) live(ctx context.Context) {
	defer c.tried()
	f := c.fleet
	for connection, attempt := 0, 1; ; connection, attempt = connection+1, attempt+1 {
		err := c.session(ctx, f.config.URLs[f.config.Route(c.Number, connection)%len(f.config.URLs)])
		if c.up {
			attempt = 1
			f.online.Add(-1)
			f.drops.Add(1)
		}
		if ctx.Err() != nil {
			return
		}
		f.failed(err)
		c.tried()
		_, refused := errors.AsType[*Refusal](err)
		if refused || f.config.Backoff == nil {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(f.config.Backoff(attempt)):
		}
	}
}

// up counts a connection that the server has taken.
func (f *Fleet) up(resumed bool) {
	f.online.Add(1)
	f.connects.Add(1)
	if resumed {
		f.resumes.Add(1)
	}
}

// maxReasons bounds the different words that are kept.
const maxReasons = 32

func (f *Fleet) failed(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	words := err.Error()
	if op, ok := errors.AsType[*net.OpError](err); ok { // without its addresses
		words = op.Op + ": " + op.Err.Error()
	}
	if _, known := f.reasons[words]; known || len(f.reasons) < maxReasons {
		f.reasons[words]++
	}
}

// Failures counts why connections failed or ended, by the words of it.
func (f *Fleet) Failures() map[string]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.reasons)
}

// Online is how many clients are connected now.
func (f *Fleet) Online() int { return int(f.online.Load()) }

// Cut drops the connections of the clients that choose says, without a word.
func (f *Fleet) Cut(choose func(number int) bool) {
	for _, c := range f.conns {
		if choose(c.Number) {
			c.cut()
		}
	}
}

// Wake lets the deaf clients read.
func (f *Fleet) Wake() { f.wake.Do(func() { close(f.awake) }) }

// Close ends every client and returns when all are gone.
func (f *Fleet) Close() {
	f.cancel()
	f.wg.Wait()
}
