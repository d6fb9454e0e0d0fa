package socketio

import (
	"bytes"
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/zishang520/engine.io/v2/transports"
)

// pollTransport is the long-polling side of a connection: a bounded queue that
// waits for the client's next poll. Everything in it is guarded by the
// connection's lock, so that a poll finds the connection either open, and is
// answered by what happens to it, or over. The library's own keeps what waits
// without a bound, answers from a goroutine of its own, which may be after the
// request has ended, and leaves a poll to nobody that comes while it closes.
type pollTransport struct {
	transports.Transport // for what only the library's own engine calls
	conn                 *conn

	queue   queue
	relief  relief
	waiting chan struct{} // wakes the poll that waits, or nil
	posting bool
	full    bool     // more came than fits: nothing that comes later may go out
	hurried bool     // a replacement is on trial: no poll may wait long
	gone    bool     // it was replaced
	last    *message // what a poll that waits is told at the end
	asked   string   // the name of the last poll
}

// unused stands for what of a transport our connections do not call.
var unused = transports.MakeTransport()

// probeTime is how long a poll may wait while a replacement is on trial: the
// client goes over when its poll has ended.
const probeTime = 50 * time.Millisecond

// Name is what the library calls this transport.
func (*pollTransport) Name() string { return transports.POLLING }

// Writable is always true: the queue waits for the poll.
func (*pollTransport) Writable() bool { return true }

var (
	errOverlap  = errors.New("two requests of one kind at once")
	errPollGone = errors.New("a poll was given up by its client")
	errRepeated = errors.New("a poll came twice: its answer was lost")
)

// push queues a message; the connection's lock is held.
func (p *pollTransport) push(m *message) {
	if p.full {
		return
	}
	if !p.queue.push(m, maxPollQueue, p.conn.door) {
		p.full = true
		p.conn.cut(errSlow)
		p.queue.clear()
		p.last = nil
		go p.conn.end(reasonError, errSlow)
		return
	}
	p.wake()
}

func (p *pollTransport) wake() {
	if p.waiting != nil {
		select {
		case p.waiting <- struct{}{}:
		default:
		}
	}
}

// close tells the waiting poll that the connection has ended; the connection's
// lock is held. What was queued is still given to it. It reports whether there
// is one more poll to answer: that of a client that has closed the connection by
// another request.
func (p *pollTransport) close(reason string) bool {
	if reason == reasonPeer {
		p.last = packetNoop // the client knows
	} else if p.waiting != nil {
		p.last = packetClose
	}
	if p.waiting == nil {
		p.queue.clear()
	}
	p.wake()
	p.relief.ease()
	return reason == reasonPeer && p.waiting == nil && !p.gone
}

// hurry sets whether polls may not wait long; the connection's lock is held.
func (p *pollTransport) hurry(on bool) {
	p.hurried = on
	p.wake()
}

// leave returns what waits for a poll, when the connection goes on elsewhere;
// its lock is held.
func (p *pollTransport) leave() []*message {
	p.gone = true
	p.wake()
	p.relief.ease()
	return p.queue.take(0)
}

// pressure returns nil when at most this many bytes wait for a poll, or when
// they wait no more; else what is closed when that may have changed.
func (p *pollTransport) pressure(most int) <-chan struct{} {
	p.conn.mu.Lock()
	defer p.conn.mu.Unlock()
	if p.conn.state == stateClosed || p.queue.size <= most {
		return nil
	}
	return p.relief.wait()
}

// pythonPackets is how many packets python-engineio takes from one poll; it
// gives up a connection that answers with more.
const pythonPackets = 16

// isPython tells the clients that python-engineio makes, with requests or with
// aiohttp, by the names that these go by.
func isPython(h http.Header) bool {
	agent := h.Get("User-Agent")
	return strings.HasPrefix(agent, "python-requests/") || strings.HasPrefix(agent, "Python/")
}

// name takes a poll by its name, which clients make anew for each ("t"). One
// that comes twice was sent again on the way, by a browser or a proxy whose
// connection broke: what the first was answered with is lost, so the session
// must end, for its client to resume.
func (p *pollTransport) name(t string) error {
	p.conn.mu.Lock()
	defer p.conn.mu.Unlock()
	if t != "" && t == p.asked {
		return errRepeated
	}
	p.asked = t
	return nil
}

// get serves a poll.
func (p *pollTransport) get(w http.ResponseWriter, r *http.Request) {
	most, python := math.MaxInt, isPython(r.Header)
	if python {
		most = pythonPackets
	}
	err := p.name(r.URL.Query().Get("t"))
	var batch []*message
	if err == nil {
		batch, err = p.await(r.Context(), most)
	}
	if missesClosePacket(r.Header) && err == nil && len(batch) == 1 && batch[0] == packetClose {
		p.conn.end(reasonForced, nil)
		err = rejectSid
	}
	if err != nil {
		if errors.Is(err, errOverlap) || errors.Is(err, errPollGone) || errors.Is(err, errRepeated) {
			p.conn.end(reasonError, err)
		}
		reject(w, err)
		return
	}
	if err := p.answer(w, "text/plain; charset=UTF-8", payload(batch)); err != nil {
		p.conn.end(reasonError, err)
		return
	}
	if batch[len(batch)-1] == packetClose {
		p.conn.end(reasonForced, nil)
	}
}

// answer writes a whole answer.
func (p *pollTransport) answer(w http.ResponseWriter, kind string, body []byte) error {
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if _, err := w.Write(body); err != nil {
		return err
	}
	if err := http.NewResponseController(w).Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}

// await returns what the poll is answered with: at least one packet, and as
// many as most. A packet that ends the connection comes alone.
func (p *pollTransport) await(ctx context.Context, most int) ([]*message, error) {
	c := p.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case p.gone:
		return nil, rejectQuery
	case p.waiting != nil:
		return nil, errOverlap
	}
	wake := make(chan struct{}, 1)
	p.waiting = wake
	defer func() { p.waiting = nil }()
	var hurry <-chan time.Time
	for {
		switch {
		case ctx.Err() != nil: // what it is given would be lost
			return nil, errPollGone
		case len(p.queue.list) > 0:
			p.relief.ease()
			if p.queue.list[0] != packetClose && p.queue.list[len(p.queue.list)-1] == packetClose {
				most = min(most, len(p.queue.list)-1)
			}
			return p.queue.first(most), nil
		case c.state == stateClosed:
			last := p.last
			if p.last = nil; last == nil {
				return nil, rejectSid
			}
			return []*message{last}, nil
		case p.gone: // a client that changes its transport has no poll under way
			return nil, rejectQuery
		}
		if p.hurried && hurry == nil {
			timer := time.NewTimer(probeTime)
			defer timer.Stop()
			hurry = timer.C
		}
		c.mu.Unlock()
		late := false
		select {
		case <-wake:
		case <-hurry:
			late = true
		case <-ctx.Done():
		}
		c.mu.Lock()
		if late && len(p.queue.list) == 0 && c.state != stateClosed {
			return []*message{packetNoop}, nil
		}
	}
}

// separator stands between the packets of a payload (Engine.IO protocol,
// "Packet encoding").
const separator = 0x1e

func payload(batch []*message) []byte {
	size := 0
	for _, m := range batch {
		size += len(m.frame) + 1
	}
	b := make([]byte, 0, size)
	for i, m := range batch {
		if i > 0 {
			b = append(b, separator)
		}
		b = m.appendPacket(b)
	}
	return b
}

// post takes the payload of a POST: all of it, or nothing when one of its
// packets cannot be read. An error is to be answered.
func (p *pollTransport) post(w http.ResponseWriter, r *http.Request) error {
	c := p.conn
	if err := p.claim(); err != nil {
		if errors.Is(err, errOverlap) {
			c.end(reasonError, err)
		}
		return err
	}
	err := p.take(r)
	c.mu.Lock()
	p.posting = false // before the answer, with which the next one may come
	c.mu.Unlock()
	if errors.Is(err, rejectSize) {
		// What it carried is lost. The client reads why from this answer, and
		// connects again, also where it would go on polling.
		reject(w, err)
		c.end(reasonError, err)
		return nil
	}
	if err != nil {
		return err
	}
	_ = p.answer(w, "text/html", []byte("ok"))
	return nil
}

// take reads and handles a body.
func (p *pollTransport) take(r *http.Request) error {
	body, err := readBody(r, p.conn.mostBytes())
	if err != nil {
		return err
	}
	if err := p.conn.receiveAll(body); err != nil {
		p.conn.fail(err)
		return rejectQuery
	}
	return nil
}

// claim makes a POST the one that is under way, before its body is read: a
// connection could otherwise have any number of bodies.
func (p *pollTransport) claim() error {
	p.conn.mu.Lock()
	defer p.conn.mu.Unlock()
	switch {
	case p.conn.state == stateClosed:
		return rejectSid
	case p.gone:
		return rejectQuery
	case p.posting:
		return errOverlap
	}
	p.posting = true
	return nil
}

// receiveAll takes the packets of a payload, when all of them have a known type.
func (c *conn) receiveAll(body []byte) error {
	for part := range bytes.SplitSeq(body, []byte{separator}) {
		if len(part) == 0 || !knownPacket(part[0]) {
			return errPacket
		}
	}
	for part := range bytes.SplitSeq(body, []byte{separator}) {
		if err := c.receive(false, part); err != nil {
			return err
		}
	}
	return nil
}
