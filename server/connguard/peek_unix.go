//go:build unix

package connguard

import "golang.org/x/sys/unix"

// drainBytes bounds what is read of a connection that is refused.
const drainBytes = 64 << 10

// silent reports whether nothing has arrived that was not read yet.
func (c *Conn) silent() bool { return c.receive(make([]byte, 1), unix.MSG_PEEK) <= 0 }

// drain reads what has arrived.
func (c *Conn) drain() {
	buffer := make([]byte, 4<<10)
	for left := drainBytes; left > 0; {
		n := c.receive(buffer, 0)
		if n <= 0 {
			return
		}
		left -= n
	}
}

// receive reads without waiting, also while another goroutine waits to read.
func (c *Conn) receive(p []byte, flags int) (n int) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0
	}
	_ = raw.Control(func(fd uintptr) { n, _, _ = unix.Recvfrom(int(fd), p, flags|unix.MSG_DONTWAIT) })
	return n
}
