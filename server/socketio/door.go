package socketio

import (
	"context"
	"log/slog"
	"math"
	"net"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/zishang520/engine.io/v2/engine"
	"github.com/zishang520/engine.io/v2/transports"
	"github.com/zishang520/engine.io/v2/types"
	"github.com/zishang520/socket.io/v2/socket"
)

// Door is the Socket.IO server of one node. It is an [http.Handler] for the
// path /socket.io/.
type Door struct {
	config   Config
	log      *slog.Logger
	origins  origins
	handlers map[string]handler
	index    *index
	feed     *feed
	flusher  flusher
	stats    counters

	io     *socket.Server
	engine http.Handler

	ctx       context.Context // ends when the door closes
	cancel    context.CancelFunc
	draining  atomic.Bool
	taking    sync.Map // socket.PrivateSessionId to *admission, during a CONNECT
	bearers   bearers
	upgrading sync.Map       // by session id, a channel that is closed when the request was answered
	conns     sync.Map       // engine.Socket to its *limits.Arrival
	readers   sync.Map       // *wsTransport
	open      sync.WaitGroup // of conns and readers
	opening   sync.Mutex     // guards open against being waited for and raised at once
}

// New makes a door. It serves until [Door.Close].
func New(config Config) (*Door, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	config = config.withDefaults()
	ctx, cancel := context.WithCancel(context.Background())
	d := &Door{
		config: config, log: config.Logger, origins: newOrigins(config.Origins),
		index: newIndex(), ctx: ctx, cancel: cancel,
	}
	d.handlers = d.table()
	d.feed = newFeed(config.Hub, config.Events, d.deliver)

	opts := socket.DefaultServerOptions()
	opts.SetServeClient(false)
	opts.SetTransports(types.NewSet(transports.POLLING, transports.WEBSOCKET))
	opts.SetMaxHttpBufferSize(maxPayload)
	opts.SetHttpCompression(&types.HttpCompression{Threshold: math.MaxInt})
	opts.SetPingInterval(config.PingInterval)
	opts.SetPingTimeout(config.PingTimeout)
	opts.SetConnectTimeout(connectTime)
	opts.SetParser(packetParser{d})
	opts.SetAdapter(adapterBuilder{d})
	recovery := &socket.ConnectionStateRecovery{}
	recovery.SetSkipMiddlewares(false)
	opts.SetConnectionStateRecovery(recovery)

	d.io = socket.NewServer(nil, opts)
	d.io.Sockets().Use(d.authenticate)
	if err := d.io.On("connection", d.connected); err != nil {
		cancel()
		return nil, err
	}
	d.engine = d.io.ServeHandler(nil)
	// After the library's own listener, so that the connection is served when
	// the first answer goes out.
	if err := d.io.Engine().On("connection", d.arrived); err != nil {
		cancel()
		return nil, err
	}
	go d.keepSessions()
	return d, nil
}

// arrived is called for each Engine.IO connection, when the library listens to
// it.
func (d *Door) arrived(args ...any) {
	conn, ok := args[0].(engine.Socket)
	if !ok {
		return
	}
	place := placeOf(conn)
	d.opening.Lock()
	d.open.Add(1)
	d.conns.Store(conn, place)
	d.opening.Unlock()

	gauge := &d.stats.websocket
	poll, polling := conn.Transport().(*pollTransport)
	if polling {
		gauge = &d.stats.polling
	}
	gauge.Add(1)
	var once sync.Once
	var upgraded bool
	var mu sync.Mutex
	_ = conn.On("upgrade", func(...any) {
		next, ok := conn.Transport().(*wsTransport)
		if !ok || !polling {
			return
		}
		mu.Lock()
		upgraded = true
		d.stats.polling.Add(-1)
		d.stats.websocket.Add(1)
		mu.Unlock()
		poll.handOver(next)
	})
	left := func(...any) {
		once.Do(func() {
			mu.Lock()
			if polling && !upgraded {
				d.stats.polling.Add(-1)
			} else {
				d.stats.websocket.Add(-1)
			}
			mu.Unlock()
			d.conns.Delete(conn)
			place.Leave()
			d.open.Done()
		})
	}
	_ = conn.Once("close", left)
	if polling {
		poll.start()
	}
	if d.ctx.Err() != nil {
		conn.Close(true)
	}
	if conn.ReadyState() == "closed" {
		left() // it closed before anybody listened
	}
}

// polled returns the transport of a connection that is still polling, or nil.
func (d *Door) polled(sid string) *pollTransport {
	conn, ok := d.io.Engine().Clients().Load(sid)
	if !ok {
		return nil
	}
	poll, _ := conn.Transport().(*pollTransport)
	return poll
}

// upgraded reports whether a connection went over from polling to a WebSocket.
func (d *Door) upgraded(sid string) bool {
	conn, ok := d.io.Engine().Clients().Load(sid)
	return ok && conn.Upgraded()
}

// Close turns new requests away, closes every connection so that its client
// goes to another node, and waits until they are closed. When ctx ends first,
// the rest is cut, and the context's error returned. It may be called twice.
func (d *Door) Close(ctx context.Context) error {
	d.cancel()
	d.each(func(conn engine.Socket) { conn.Close(false) })
	gone := make(chan struct{})
	go func() {
		d.opening.Lock()
		defer d.opening.Unlock()
		d.open.Wait()
		close(gone)
	}()
	select {
	case <-gone:
		return nil
	case <-ctx.Done():
		d.each(func(conn engine.Socket) { conn.Close(true) })
		d.readers.Range(func(key, _ any) bool {
			if t, ok := key.(*wsTransport); ok {
				t.out.abort(net.ErrClosed)
			}
			return true
		})
		return context.Cause(ctx)
	}
}

func (d *Door) each(do func(engine.Socket)) {
	d.conns.Range(func(key, _ any) bool {
		if conn, ok := key.(engine.Socket); ok {
			do(conn)
		}
		return true
	})
}

var _ interface {
	http.Handler
	Close(context.Context) error
} = (*Door)(nil)
