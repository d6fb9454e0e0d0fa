package socketio

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// reader is a connection's part in being read without a goroutine that waits.
type reader struct {
	token atomic.Uint64 // its name at the poller, or 0

	mu    sync.Mutex
	busy  bool // a goroutine reads
	again bool // there may be more for it
}

// poller tells which connections have something to read: an epoll of our own,
// beside that of Go, which only wakes goroutines. A connection is told once, and
// gets a goroutine that lives until everything was read and handled; then the
// connection is watched again. One whose handling has to wait holds up nobody,
// and is not read meanwhile.
type poller struct {
	mu    sync.Mutex
	file  *os.File // of the epoll; nil before the first connection
	raw   syscall.RawConn
	over  bool
	done  chan struct{}
	last  uint64
	known map[uint64]*wsTransport
}

// errOver is returned when the door has closed.
var errOver = errors.New("the poller is closed")

// open makes the epoll, which itself waits in that of Go; mu is held.
func (p *poller) open() error {
	if p.over {
		return errOver
	}
	if p.file != nil {
		return nil
	}
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return fmt.Errorf("epoll_create1: %w", err)
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		_ = unix.Close(fd)
		return fmt.Errorf("epoll: %w", err)
	}
	file := os.NewFile(uintptr(fd), "epoll")
	raw, err := file.SyscallConn()
	if err != nil {
		_ = file.Close()
		return err
	}
	p.file, p.raw, p.known, p.done = file, raw, map[uint64]*wsTransport{}, make(chan struct{})
	go p.run()
	return nil
}

// run waits for connections with something to read.
func (p *poller) run() {
	defer close(p.done)
	events := make([]unix.EpollEvent, 128)
	for {
		var n int
		var failed error
		err := p.raw.Read(func(fd uintptr) bool {
			n, failed = unix.EpollWait(int(fd), events, 0)
			return n > 0 || failed != nil && !errors.Is(failed, unix.EINTR)
		})
		if err != nil || failed != nil {
			return
		}
		for i := range n {
			p.mu.Lock()
			t := p.known[tokenOfEvent(&events[i])]
			p.mu.Unlock()
			if t != nil {
				t.kick()
			}
		}
	}
}

// close ends the goroutine. Connections that are still there are not read any
// more.
func (p *poller) close() {
	p.mu.Lock()
	file, done := p.file, p.done
	p.over = true
	p.mu.Unlock()
	if file != nil {
		_ = file.Close()
		<-done
	}
}

// add begins to watch a connection, which is told through kick.
func (p *poller) add(t *wsTransport) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.open(); err != nil {
		return err
	}
	p.last++
	t.reader.token.Store(p.last)
	p.known[p.last] = t
	err := p.watch(t, unix.EPOLL_CTL_ADD)
	if err != nil {
		delete(p.known, p.last)
		t.reader.token.Store(0)
	}
	return err
}

// again watches a connection once more.
func (p *poller) again(t *wsTransport) error { return p.watch(t, unix.EPOLL_CTL_MOD) }

func (p *poller) watch(t *wsTransport, how int) error {
	token := t.reader.token.Load()
	event := unix.EpollEvent{
		Events: unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLONESHOT,
		Fd:     int32(uint32(token)), Pad: int32(uint32(token >> 32)),
	}
	var failed error
	control := func(epoll uintptr) {
		if err := t.out.raw.Control(func(fd uintptr) {
			failed = unix.EpollCtl(int(epoll), how, int(fd), &event)
		}); err != nil {
			failed = err
		}
	}
	if err := p.raw.Control(control); err != nil {
		return err
	}
	return failed
}

// forget ends what add began. The kernel forgets a closed file by itself.
func (p *poller) forget(t *wsTransport) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.known, t.reader.token.Load())
}

func tokenOfEvent(e *unix.EpollEvent) uint64 {
	return uint64(uint32(e.Fd)) | uint64(uint32(e.Pad))<<32
}

// listen begins to read. What is no plain TCP connection has a goroutine.
func (t *wsTransport) listen() {
	if t.out.raw == nil {
		go t.readAlong()
		return
	}
	if err := t.conn.door.poller.add(t); err != nil {
		t.conn.door.log.Warn("a connection cannot be watched", "error", err)
		go t.readAlong()
	}
}

// kick tells that there is something to read, or that the connection has ended.
// It does not wait.
func (t *wsTransport) kick() {
	r := &t.reader
	if r.token.Load() == 0 {
		return // readAlong notices
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.again = r.busy; !r.busy {
		r.busy = true
		go t.readNow()
	}
}

// readBuffers are for the bytes of connections that have something to read.
var readBuffers = sync.Pool{New: func() any { b := make([]byte, 4<<10); return &b }}

// readNow reads and handles what there is.
func (t *wsTransport) readNow() {
	r := &t.reader
	for {
		if err := t.readAll(); err != nil {
			t.conn.door.poller.forget(t)
			t.finish(err)
			return // busy for ever
		}
		r.mu.Lock()
		if !r.again {
			r.busy = false
			r.mu.Unlock()
			return
		}
		r.again = false
		r.mu.Unlock()
	}
}

// readAll takes what has come, and has the connection watched again.
func (t *wsTransport) readAll() error {
	b := readBuffers.Get().(*[]byte)
	defer readBuffers.Put(b)
	for {
		n, err := readOnce(t.out.raw, *b)
		if err != nil {
			return err
		}
		if n > 0 {
			if err := t.took((*b)[:n]); err != nil {
				return err
			}
		}
		if n < len(*b) {
			return t.conn.door.poller.again(t)
		}
	}
}

// readOnce tries once to read; that there is nothing is no error.
func readOnce(raw syscall.RawConn, b []byte) (n int, err error) {
	var failed error
	err = raw.Read(func(fd uintptr) bool {
		for {
			n, failed = unix.Read(int(fd), b)
			if !errors.Is(failed, unix.EINTR) {
				return true
			}
		}
	})
	switch {
	case err != nil:
		return 0, err
	case errors.Is(failed, unix.EAGAIN):
		return 0, nil
	case failed != nil:
		return 0, failed
	case n == 0:
		return 0, io.EOF
	}
	return n, nil
}
