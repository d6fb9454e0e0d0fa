package socketio

import (
	"errors"
	"net"
	"sync"
	"syscall"
	"time"
)

// Reasons for which a connection is cut.
var (
	errSlow  = errors.New("the reader is too slow: its queue is full")
	errStuck = errors.New("the reader took nothing for too long")
)

// outbox is the bounded queue between the events and one TCP connection.
//
// Whoever sends writes at once, without blocking, what the kernel takes; what
// goes to many sockets is left to the door's flusher, which writes all that has
// gathered in one go. Only what the kernel does not take stays queued, and a
// goroutine that lives as long as that writes it. So an idle socket costs no
// goroutine, and a slow one delays nobody.
type outbox struct {
	conn    net.Conn
	raw     syscall.RawConn // nil where a write that does not block is impossible
	flusher *flusher

	mu      sync.Mutex
	queue   net.Buffers
	size    int   // bytes in queue, and those that the goroutine is writing
	corked  int   // how many hold back the writing to gather more
	dirty   bool  // the flusher will come
	writing bool  // the goroutine is at work
	closing bool  // close when everything is written
	cut     error // set once nothing more goes out
	relief  relief
}

// pressure returns nil when at most this many bytes wait, or when nothing more
// goes out; else what is closed when fewer wait.
func (o *outbox) pressure(most int) <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.cut != nil || o.size <= most {
		return nil
	}
	return o.relief.wait()
}

// corkBytes is how much is gathered before it is written nevertheless.
const corkBytes = 32 << 10

// gatherTime is how much later, at most, an event of a burst may be written.
const gatherTime = 3 * time.Millisecond

func newOutbox(conn net.Conn, f *flusher) *outbox {
	return &outbox{conn: conn, raw: rawConn(conn), flusher: f}
}

// send queues whole frames and writes them. It never blocks. When the queue is
// full the connection is cut: its reader would miss something without knowing.
func (o *outbox) send(frame []byte) { o.put(frame, false) }

// sendSoon is [outbox.send], but leaves the writing to the flusher.
func (o *outbox) sendSoon(frame []byte) { o.put(frame, true) }

func (o *outbox) put(frame []byte, soon bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.cut != nil || o.closing {
		return
	}
	o.queue = append(o.queue, frame)
	o.size += len(frame)
	switch {
	case o.writing:
	case o.size > corkBytes || o.corked == 0 && !soon:
		o.write()
	case soon && !o.dirty:
		o.dirty = true
		o.flusher.add(o)
	}
	if o.size > maxQueue {
		o.fail(errSlow)
	}
}

// flush writes what has gathered.
func (o *outbox) flush() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.dirty = false
	if !o.writing && o.corked == 0 {
		o.write()
	}
}

// flusher writes the outboxes that have something to write, one after the
// other: at once after a quiet time, and then once in a gatherTime. What comes
// in the meantime gathers: the more is to be done, the more goes into one write.
// Its goroutine lives only as long as there is something to do.
type flusher struct {
	mu      sync.Mutex
	dirty   []*outbox
	running bool
}

func (f *flusher) add(o *outbox) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dirty = append(f.dirty, o)
	if !f.running {
		f.running = true
		go f.run()
	}
}

func (f *flusher) run() {
	for {
		f.mu.Lock()
		round := f.dirty
		f.dirty = nil
		f.running = len(round) > 0
		f.mu.Unlock()
		if len(round) == 0 {
			return
		}
		for _, o := range round {
			o.flush()
		}
		time.Sleep(gatherTime)
	}
}

// cork gathers what is sent until uncork, to write it in one go.
func (o *outbox) cork() {
	o.mu.Lock()
	o.corked++
	o.mu.Unlock()
}

func (o *outbox) uncork() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.corked--; o.corked == 0 && !o.writing {
		o.write()
	}
}

// close sends a last frame and ends the connection when everything is written.
// The peer then has [closeTime] to end it too.
func (o *outbox) close(last []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.cut != nil || o.closing {
		return
	}
	o.closing = true
	o.queue = append(o.queue, last)
	o.size += len(last)
	if !o.writing {
		o.write()
	}
}

// abort ends the connection at once.
func (o *outbox) abort(reason error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.fail(reason)
}

// reason is why the connection was cut, or nil.
func (o *outbox) reason() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.cut
}

// write hands the kernel what it takes now. The rest is left to a goroutine.
// mu is held, and no goroutine is writing.
func (o *outbox) write() {
	if o.cut != nil {
		return
	}
	for more := o.raw != nil; more && len(o.queue) > 0; {
		var n int
		var err error
		if n, more, err = writeNow(o.raw, o.queue); err != nil {
			o.fail(err)
			return
		}
		o.size -= n
		o.queue = skip(o.queue, n)
		o.relief.ease()
	}
	if len(o.queue) > 0 {
		o.writing = true
		go o.drain()
		return
	}
	o.written()
}

// drain writes until the queue is empty.
func (o *outbox) drain() {
	for {
		o.mu.Lock()
		if o.cut != nil || len(o.queue) == 0 {
			o.writing = false
			o.written()
			o.mu.Unlock()
			return
		}
		batch := o.queue
		o.queue = nil
		o.mu.Unlock()

		_ = o.conn.SetWriteDeadline(time.Now().Add(writeTime))
		n, err := batch.WriteTo(o.conn)

		o.mu.Lock()
		o.size -= int(n)
		o.relief.ease()
		if err != nil {
			var timeout net.Error
			if errors.As(err, &timeout) && timeout.Timeout() {
				err = errStuck
			}
			o.fail(err)
		} else {
			_ = o.conn.SetWriteDeadline(time.Time{})
		}
		o.mu.Unlock()
	}
}

// written follows up when nothing is left to write; mu is held.
func (o *outbox) written() {
	if o.cut == nil && o.closing {
		_ = o.conn.SetReadDeadline(time.Now().Add(closeTime))
	}
}

// fail cuts the connection, which ends the goroutine that reads it, and that
// one tells the library; mu is held.
func (o *outbox) fail(reason error) {
	if o.cut == nil {
		o.cut = reason
		o.queue = nil
		o.relief.ease()
		_ = o.conn.Close()
	}
}

// skip drops the first n bytes.
func skip(bufs net.Buffers, n int) net.Buffers {
	for len(bufs) > 0 && n >= len(bufs[0]) {
		n -= len(bufs[0])
		bufs[0] = nil
		bufs = bufs[1:]
	}
	if len(bufs) == 0 {
		return nil
	}
	bufs[0] = bufs[0][n:]
	return bufs
}
