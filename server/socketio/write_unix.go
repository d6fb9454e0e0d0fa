//go:build unix

package socketio

import (
	"errors"
	"net"
	"sync"
	"syscall"
)

// rawConn returns the file of a TCP connection, and nil for any other kind: a
// TLS connection has to write through its own code.
func rawConn(conn net.Conn) syscall.RawConn {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return nil
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return nil
	}
	return raw
}

// gathered are buffers in which several frames are put for one write.
var gathered = sync.Pool{New: func() any { b := make([]byte, 0, 2*corkBytes); return &b }}

// writeNow tries once to write the first of bufs. It returns how much the kernel
// took, and whether it may take more; that it may not is no error. The file is
// in non-blocking mode, as all of Go's connections are.
func writeNow(raw syscall.RawConn, bufs net.Buffers) (n int, more bool, err error) {
	data := bufs[0]
	if len(bufs) > 1 {
		b := gathered.Get().(*[]byte)
		defer gathered.Put(b)
		data = (*b)[:0]
		for _, one := range bufs {
			if len(data)+len(one) > cap(data) {
				break
			}
			data = append(data, one...)
		}
		if len(data) == 0 {
			data = bufs[0]
		}
	}
	var failed error
	err = raw.Write(func(fd uintptr) bool {
		n, failed = syscall.Write(int(fd), data)
		return true
	})
	if err == nil {
		err = failed
	}
	if errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.EINTR) {
		err = nil
	}
	n = max(n, 0)
	return n, n == len(data), err
}
