package bucketstore

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

const (
	dialTime = 5 * time.Second
	// stallTime is how long a connection may neither give nor take a byte.
	stallTime = 30 * time.Second
	// connections bounds those to the bucket at one time.
	connections = 256
)

// dialer makes the connections to the bucket. None of them stalls for ever,
// and all can be closed.
type dialer struct {
	mu     sync.Mutex
	open   map[*conn]struct{}
	closed bool
}

func newDialer() *dialer { return &dialer{open: map[*conn]struct{}{}} }

func (d *dialer) client() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.DialContext = d.dial
		t.MaxConnsPerHost, t.MaxIdleConnsPerHost = connections, connections/4
	})
}

func (d *dialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	inner, err := (&net.Dialer{Timeout: dialTime, KeepAlive: 15 * time.Second}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	c := &conn{inner, d}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		inner.Close()
		return nil, net.ErrClosed
	}
	d.open[c] = struct{}{}
	return c, nil
}

func (d *dialer) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	for c := range d.open {
		c.Conn.Close()
	}
	clear(d.open)
}

// conn ends what stalls: a request that is under way fails, and is sent again;
// an idle connection is closed.
type conn struct {
	net.Conn
	dialer *dialer
}

func (c *conn) Read(p []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(stallTime)); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

func (c *conn) Write(p []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(stallTime)); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}

func (c *conn) Close() error {
	c.dialer.mu.Lock()
	delete(c.dialer.open, c)
	c.dialer.mu.Unlock()
	return c.Conn.Close()
}
