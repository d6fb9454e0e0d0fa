package load

import (
	"net"
	"sync/atomic"
)

// reader cuts what a server sends into frames.
type reader struct {
	nc    net.Conn
	bytes *atomic.Uint64
	buf   []byte
	// done is how much of buf was handed out.
	done int
}

// frame returns the next frame, which stands until the next call.
func (r *reader) frame() (opcode byte, payload []byte, err error) {
	for {
		opcode, payload, size, err := parseFrame(r.buf[r.done:])
		if err != nil {
			return 0, nil, err
		}
		if size > 0 {
			r.done += size
			return opcode, payload, nil
		}
		if err := r.fill(); err != nil {
			return 0, nil, err
		}
	}
}

// fill reads more, after making room for it.
func (r *reader) fill() error {
	if r.done > 0 {
		r.buf = r.buf[:copy(r.buf, r.buf[r.done:])]
		r.done = 0
	}
	if len(r.buf) == cap(r.buf) {
		r.buf = append(make([]byte, 0, 2*cap(r.buf)), r.buf...)
	}
	n, err := r.nc.Read(r.buf[len(r.buf):cap(r.buf)])
	r.buf = r.buf[:len(r.buf)+n]
	r.bytes.Add(uint64(n))
	if n > 0 {
		return nil // the error comes again
	}
	return err
}
