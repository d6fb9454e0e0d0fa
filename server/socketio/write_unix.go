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
	tcp, ok := conn.(syscall.Conn)
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

// writeNow tries once to write the first of the messages, without the bytes that
// begun counts. It returns how much the kernel took, and whether it may take
// more; that it may not is no error. The file is in non-blocking mode, as all of
// Go's connections are.
func writeNow(raw syscall.RawConn, list []*message, begun int) (n int, more bool, err error) {
	data := list[0].frame[begun:]
	if len(list) > 1 && len(data) < corkBytes {
		b := gathered.Get().(*[]byte)
		defer gathered.Put(b)
		data = append((*b)[:0], data...)
		for _, m := range list[1:] {
			if len(data)+len(m.frame) > cap(data) {
				break
			}
			data = append(data, m.frame...)
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
