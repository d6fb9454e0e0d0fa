package socketio

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/zishang520/engine.io/v2/engine"
	"github.com/zishang520/socket.io/v2/socket"
)

// Door is the Socket.IO server of one node. It is an [http.Handler] for the
// path /socket.io/.
type Door struct {
	config   Config
	log      *slog.Logger
	handlers map[string]handler
	index    *index
	feed     *feed
	flusher  flusher
	stats    counters
	heart    *heart
	poller   poller
	links    links
	// announced is maxPayload as clients are told it.
	announced int

	io *socket.Server

	ctx        context.Context // ends when the door closes
	cancel     context.CancelFunc
	draining   atomic.Bool
	taking     sync.Map // a mark to its *admission, during a CONNECT
	bearers    bearers
	complaints complaints
}

// New makes a door. It serves until [Door.Close].
func New(config Config) (*Door, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	config = config.withDefaults()
	ctx, cancel := context.WithCancel(context.Background())
	d := &Door{
		config: config, log: config.Logger,
		index: newIndex(), ctx: ctx, cancel: cancel, announced: maxPayload,
		heart: newHeart(config.PingInterval, config.PingTimeout),
		links: newLinks(),
	}
	d.handlers = d.table()
	d.feed = newFeed(config.Hub, config.Events, d.deliver)

	opts := socket.DefaultServerOptions()
	opts.SetServeClient(false)
	opts.SetConnectTimeout(connectTime)
	opts.SetParser(packetParser{d})
	opts.SetAdapter(adapterBuilder{d})
	if config.trial == nil {
		recovery := &socket.ConnectionStateRecovery{}
		recovery.SetSkipMiddlewares(false)
		opts.SetConnectionStateRecovery(recovery)
	}

	d.io = socket.NewServer(nil, opts)
	d.io.Sockets().Use(d.authenticate)
	if err := d.io.On("connection", d.connected); err != nil {
		cancel()
		return nil, err
	}
	// Its engine only hands over our connections.
	d.io.Bind(engine.MakeBaseServer())
	go d.keepSessions()
	return d, nil
}

// Close turns new requests away, closes every connection so that its client
// goes to another node, and waits until they are closed. When ctx ends first,
// the rest is cut, and the context's error returned. It may be called twice.
func (d *Door) Close(ctx context.Context) error {
	d.cancel()
	defer d.poller.close()
	for _, c := range d.links.all() {
		c.shut(endStopping)
	}
	select {
	case <-d.links.empty():
		return nil
	case <-ctx.Done():
		for _, c := range d.links.all() {
			c.Close(true)
		}
		for _, t := range d.links.reading() {
			t.out.abort(net.ErrClosed)
		}
		return context.Cause(ctx)
	}
}

var _ interface {
	http.Handler
	Close(context.Context) error
} = (*Door)(nil)
