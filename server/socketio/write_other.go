//go:build !unix

package socketio

import (
	"errors"
	"net"
	"syscall"
)

// rawConn returns nil: writes that do not block are not tried here.
func rawConn(net.Conn) syscall.RawConn { return nil }

func writeNow(syscall.RawConn, []*message, int) (int, bool, error) {
	return 0, false, errors.ErrUnsupported
}
