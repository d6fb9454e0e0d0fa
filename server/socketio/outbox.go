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
	conn net.Conn
	raw  syscall.RawConn // nil where a write that does not block is impossible
	door *Door
	// ended is called once nothing more goes out, under the lock: it must not
	// wait, nor call the outbox.
	ended func()
	// full is called under the lock when more came than fits, and returns the
	// last frame to be sent, or nil.
	full func() (last []byte)

	mu      sync.Mutex
	queue   queue
	dirty   bool  // the flusher will come
	writing bool  // the goroutine is at work
	closing bool  // close when everything is written
	half    bool  // then end our direction of TCP
	cut     error // set once nothing more goes out
	late    bool  // more came than fits, which was counted
	relief  relief
}

// pressure returns nil when at most this many bytes wait, or when nothing more
// goes out; else what is closed when that may have changed.
func (o *outbox) pressure(most int) <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.cut != nil || o.queue.size <= most {
		return nil
	}
	return o.relief.wait()
}

// corkBytes is how much is gathered before it is written nevertheless.
const corkBytes = 32 << 10

// gatherTime is how much later, at most, an event of a burst may be written.
const gatherTime = 3 * time.Millisecond

// put queues a message and writes it, or leaves the writing to the flusher. It
// never blocks. When the queue is full the connection is cut: its reader would
// miss something without knowing.
func (o *outbox) put(m *message, soon bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.cut != nil || o.closing {
		return
	}
	fits := o.queue.push(m, maxQueue, o.door)
	switch {
	case o.writing:
	case o.queue.size > corkBytes || !soon:
		o.write()
	case !o.dirty:
		o.dirty = true
		o.door.flusher.add(o)
	}
	if !fits && o.queue.size > maxQueue {
		o.overflow()
	}
}

// putAll queues messages and writes them in one go.
func (o *outbox) putAll(list []*message) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.cut != nil || o.closing {
		return
	}
	fits := true
	for _, m := range list {
		if o.queue.size > corkBytes && !o.writing {
			o.write() // or a full queue would drop what there is room for
		}
		fits = o.queue.push(m, maxQueue, o.door)
	}
	if !o.writing {
		o.write()
	}
	if !fits && o.queue.size > maxQueue {
		o.overflow()
	}
}

// overflow drops what waits and closes the connection: its reader would miss
// something without knowing. A reader that goes on within [writeTime] gets what
// is being written, and then the last frame. mu is held.
func (o *outbox) overflow() {
	dropped := 0
	for _, m := range o.queue.list {
		dropped += len(m.frame)
	}
	o.queue.list = nil
	o.queue.size -= dropped
	o.late = true
	o.finish(o.full())
	o.relief.ease()
}

// flush writes what has gathered.
func (o *outbox) flush() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.dirty = false
	if !o.writing {
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

// close sends a last frame and ends the connection when everything is written.
// The peer then has [closeTime] to end it too. Without a last frame, our
// direction of TCP ends in its place.
func (o *outbox) close(last []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.cut == nil && !o.closing {
		o.finish(last)
	}
}

// finish is close; mu is held.
func (o *outbox) finish(last []byte) {
	o.closing = true
	if o.half = last == nil; !o.half {
		o.queue.list = append(o.queue.list, &message{frame: last})
		o.queue.size += len(last)
	}
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

// queued is how many bytes wait.
func (o *outbox) queued() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.queue.size
}

// write hands the kernel what it takes now. The rest is left to a goroutine.
// mu is held, and no goroutine is writing.
func (o *outbox) write() {
	if o.cut != nil {
		return
	}
	begun := 0 // bytes of the first message that are written
	for more := o.raw != nil; more && len(o.queue.list) > 0; {
		var n int
		var err error
		if n, more, err = writeNow(o.raw, o.queue.list, begun); err != nil {
			o.fail(err)
			return
		}
		begun = o.queue.skip(begun, n)
		o.relief.ease()
	}
	if len(o.queue.list) > 0 {
		o.writing = true
		go o.drain(o.batch(begun))
		return
	}
	o.written()
}

// drainBytes is about how much the goroutine takes on at once. What it has taken
// cannot be replaced by what is newer.
const drainBytes = 64 << 10

// batch takes what is to be written next, without the bytes of the first message
// that are written.
func (o *outbox) batch(begun int) net.Buffers {
	var b net.Buffers
	for _, m := range o.queue.take(drainBytes) {
		b = append(b, m.frame[begun:])
		begun = 0
	}
	return b
}

// drain writes until the queue is empty.
func (o *outbox) drain(batch net.Buffers) {
	for len(batch) > 0 {
		_ = o.conn.SetWriteDeadline(time.Now().Add(writeTime))
		n, err := batch.WriteTo(o.conn)

		o.mu.Lock()
		if o.cut == nil { // or nothing counts any more
			o.queue.sent(int(n))
			o.relief.ease()
		}
		if err != nil {
			var timeout net.Error
			if errors.As(err, &timeout) && timeout.Timeout() {
				err = errStuck
			}
			o.fail(err)
		} else {
			_ = o.conn.SetWriteDeadline(time.Time{})
		}
		if batch = o.batch(0); len(batch) == 0 {
			o.writing = false
			o.written()
		}
		o.mu.Unlock()
	}
}

// written follows up when nothing is left to write; mu is held.
func (o *outbox) written() {
	if o.cut == nil && o.closing {
		if tcp, ok := o.conn.(interface{ CloseWrite() error }); ok && o.half {
			_ = tcp.CloseWrite() // where it fails, the connection ends below
		}
		time.AfterFunc(closeTime, func() { o.abort(net.ErrClosed) })
	}
}

// fail cuts the connection; mu is held.
func (o *outbox) fail(reason error) {
	if o.late {
		reason = net.ErrClosed
	}
	if o.cut == nil {
		o.cut = reason
		o.queue.clear()
		o.relief.ease()
		_ = o.conn.Close()
		o.ended()
	}
}
