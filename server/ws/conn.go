package ws

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"reelroom/models"
	"reelroom/server/api"
)

// feed is what a connection tells its client. Its methods are called by one
// goroutine.
type feed interface {
	// next waits for messages, each to be written as JSON. last tells that the
	// job has ended: the connection closes after them, with 1000. After an error
	// it closes with what [ending] makes of that.
	next(ctx context.Context) (messages []any, last bool, err error)
	// done is closed when the feed has ended by itself: with its token, because
	// that was revoked, or because the server stops.
	done() <-chan struct{}
	// measured takes the round trip of a ping.
	measured(trip time.Duration)
	// close gives back what the feed took up. It may be called twice.
	close()
}

const (
	// pongTime is how long a client may take to answer a ping.
	pongTime = 10 * time.Second
	// writeTime is how long a client may take for one message.
	writeTime = 10 * time.Second
	// burstTime is how long it may take for all that came at once: so long they
	// are kept for it.
	burstTime = 30 * time.Second
	// graceTime is how long it may still take for one when the feed has ended.
	graceTime = time.Second
	// closeTime is how long it may take to agree to the end.
	closeTime = 5 * time.Second
	// maxMessage bounds a client's message, in bytes. All are ignored.
	maxMessage = 64 << 10
	// reasonComplete goes with code 1000.
	reasonComplete = "Job complete"
)

// serve answers one request of a client. It accepts the connection, whatever
// comes, and then says no in close codes: only what [Door.check] refuses is
// answered over HTTP. open is asked for the feed of somebody known; missing is
// the reason where nobody says who asks. The request has its line in the access
// log when it returns, with what was refused; the end of what was not is logged
// by the connection.
//
// A connection has two goroutines: one tells the feed, the other reads, so that
// pongs and the client's leaving are noticed. A third lives only while a ping
// waits for its answer. None is the request's, which holds much more memory than
// they do.
func (d *Door) serve(g *api.Gate, w http.ResponseWriter, r *http.Request, missing string, open func(models.Identity) (feed, error)) error {
	if err := d.check(w, r); err != nil {
		return err
	}
	var f feed
	var c *conn
	leave := d.enter()
	defer func() {
		if c != nil {
			return
		}
		if f != nil {
			f.close()
		}
		leave()
	}()
	who, err := identify(g, r)
	if err == nil {
		f, err = open(who)
	}
	accepted, bad := d.accept(w, r, who)
	if bad != nil {
		return bad // the library has answered
	}
	if c = accepted; err != nil {
		err = refusal(err, missing)
	}
	go c.serve(f, err, leave)
	return err
}

// serve tells the feed, or why there is none, and ends the connection.
func (c *conn) serve(f feed, err error, leave func()) {
	defer leave()
	defer c.drop()
	began, let := time.Now(), err == nil
	if let {
		err = c.tell(f)
	}
	c.door.stats.count(err)
	c.finish(err)
	if !let {
		return
	}
	fields := []slog.Attr{
		slog.String("requestId", c.id), slog.String("organization", c.who.OrganizationID), slog.String("user", c.who.UserID),
		slog.Duration("took", time.Since(began)),
	}
	if err != nil && !errors.Is(err, errLeft) {
		fields = append(fields, slog.Any("error", err))
	}
	c.door.Logger.LogAttrs(context.Background(), slog.LevelInfo, "connection ended", fields...)
}

// tell tells the feed and gives back what that took up.
func (c *conn) tell(f feed) (err error) {
	defer f.close()
	defer func() {
		if c.ctx.Err() != nil && err == nil {
			err = context.Cause(c.ctx)
		}
	}()
	defer c.guard()
	return c.run(f)
}

// identify says who asks: by the token in the query, which only this door takes,
// by that of the header, or by a one-time ticket.
func identify(g *api.Gate, r *http.Request) (models.Identity, error) {
	if token := r.URL.Query().Get("token"); token != "" {
		return g.Admit(r, token)
	}
	return g.Visitor(r)
}

// conn is one accepted connection.
type conn struct {
	door   *Door
	id     string          // of the request
	who    models.Identity // empty where nobody is known
	socket *websocket.Conn
	wire   net.Conn

	ctx     context.Context
	end     context.CancelCauseFunc // of ctx: no more is told
	writing atomic.Bool

	tasks sync.WaitGroup // the reader, and a ping that is due or waits
	feed  feed           // nil before there is one
	mu    sync.Mutex
	over  bool
	beats *time.Timer // nil before the first one
}

func (d *Door) accept(w http.ResponseWriter, r *http.Request, who models.Identity) (*conn, error) {
	c := &conn{door: d, id: api.RequestID(r), who: who}
	c.ctx, c.end = context.WithCancelCause(context.Background()) // the request's ends with its handler
	t := &takeover{ResponseWriter: w}
	socket, err := websocket.Accept(t, r, &websocket.AcceptOptions{
		InsecureSkipVerify: true, // check has looked at the origin, more strictly
		CompressionMode:    websocket.CompressionDisabled,
		OnPingReceived:     func(context.Context, []byte) bool { return c.idles() },
		OnPongReceived:     func(context.Context, []byte) { c.idles() },
	})
	if err != nil {
		c.end(nil)
		if t.wire != nil {
			_ = t.wire.Close()
		}
		return nil, err
	}
	socket.SetReadLimit(maxMessage)
	c.socket, c.wire = socket, t.wire
	return c, nil
}

// run tells the feed and returns why it ended; nil when the job has.
func (c *conn) run(f feed) error {
	c.tasks.Go(func() {
		defer c.guard()
		c.end(c.read())
	})
	c.feed = f
	c.beatAgain()
	for {
		messages, last, err := f.next(c.ctx)
		if bad := c.writeAll(f, messages); errors.Is(bad, errLeft) {
			c.end(bad) // unless the reader knows better
		} else if bad != nil {
			return bad // the reader sees only what follows from it
		}
		switch {
		case c.ctx.Err() != nil:
			return context.Cause(c.ctx)
		case err != nil:
			return ending(err)
		case last:
			return nil
		}
	}
}

func (c *conn) writeAll(f feed, messages []any) error {
	began := time.Now()
	for i, m := range messages {
		raw, err := json.Marshal(m)
		if err != nil {
			return ending(err)
		}
		if err := c.write(f, raw); err != nil {
			return err
		}
		if time.Since(began) > burstTime && i < len(messages)-1 {
			return errSlow
		}
	}
	return nil
}

// write sends a message, in bounded time. After an error nothing more can be said.
func (c *conn) write(f feed, message []byte) error {
	ctx, cancel := context.WithTimeout(context.Background(), writeTime) // not c.ctx: it ends also where the client is yet to be told why
	defer cancel()
	c.writing.Store(true)
	defer c.writing.Store(false)
	defer time.AfterFunc(graceTime, func() {
		select {
		case <-f.done():
			cancel()
		case <-ctx.Done():
		}
	}).Stop()
	if err := c.socket.Write(ctx, websocket.MessageText, message); err != nil {
		if ctx.Err() != nil {
			return errStuck
		}
		return errLeft
	}
	return nil
}

// read takes what the client sends, which is of no interest, and notices that it
// leaves.
func (c *conn) read() error {
	for {
		_, r, err := c.socket.Reader(context.Background()) // ends with the connection
		if err != nil {
			return readEnd(err)
		}
		head := make([]byte, 5)
		n, err := io.ReadFull(r, head)
		if err == nil {
			_, err = io.Copy(io.Discard, r)
		}
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return readEnd(err)
		}
		if string(head[:n]) == "ping" {
			if !c.idles() {
				return errFlood
			}
			continue
		}
		if c.door.Limits.Message(c.who) != nil {
			c.door.Limits.Flood()
			return errFlood
		}
	}
}

// idles takes what a client does by itself to see whether the connection lives,
// and reports whether it may.
func (c *conn) idles() bool {
	if c.who.UserID == "" {
		return false // no answer to who is refused
	}
	if c.door.Limits.Subscription(c.who) == nil {
		return true
	}
	c.door.Limits.Flood()
	c.end(errFlood)
	return false
}

// guard turns a panic into the end of this connection.
func (c *conn) guard() {
	if p := recover(); p != nil {
		c.door.Logger.Error("a connection's goroutine panicked", "panic", p, "stack", string(debug.Stack()))
		c.end(&closing{websocket.StatusInternalError, "Something went wrong on the server", nil})
	}
}

// beatAgain lets the next ping be sent in time, until the connection is over.
func (c *conn) beatAgain() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return
	}
	c.tasks.Add(1)
	if c.beats == nil {
		c.beats = time.AfterFunc(c.door.PingEvery, c.beat)
	} else {
		c.beats.Reset(c.door.PingEvery)
	}
}

// beat pings the client. While a message is under way, that one's own bound
// tells whether the client lives.
func (c *conn) beat() {
	defer c.tasks.Done()
	defer c.guard()
	if !c.writing.Load() {
		ctx, cancel := context.WithTimeout(context.Background(), pongTime)
		defer cancel()
		began := time.Now()
		if err := c.socket.Ping(ctx); errors.Is(err, net.ErrClosed) {
			return // the reader tells why
		} else if err == nil {
			c.feed.measured(time.Since(began))
		} else if !c.writing.Load() {
			c.end(errDead)
			return
		}
	}
	c.beatAgain()
}

// finish closes the connection: with a word to the client where one can be said.
func (c *conn) finish(err error) {
	c.mu.Lock()
	c.over = true
	if c.beats != nil && c.beats.Stop() {
		c.tasks.Done()
	}
	c.mu.Unlock()
	last := &closing{websocket.StatusNormalClosure, reasonComplete, nil}
	if err == nil || errors.As(err, &last) {
		_ = c.wire.SetReadDeadline(time.Now().Add(closeTime))
		_ = c.socket.Close(last.code, last.reason) // a client that has gone needs none
	}
	c.drop()
	c.tasks.Wait()
}

// drop ends the connection without a word; it may be called twice.
func (c *conn) drop() {
	c.end(nil)
	_ = c.wire.Close()
	_ = c.socket.CloseNow()
}
