package ffmpeg

import (
	"bufio"
	"io"
)

// eachLine calls fn with every line of r, without its end, until r ends or fn
// wants no more. Both
// \n and \r end a line (ffmpeg rewrites its status line with \r). Of a line
// longer than limit only the first limit bytes are seen. The slice is good
// until fn returns. Memory is bounded by limit, whatever r sends.
func eachLine(r io.Reader, limit int, fn func(line []byte) (more bool)) {
	in := bufio.NewReaderSize(r, 4<<10)
	line := make([]byte, 0, limit)
	for {
		b, err := in.ReadByte()
		if err != nil {
			break
		}
		switch {
		case b == '\n' || b == '\r':
			if len(line) > 0 && !fn(line) {
				return
			}
			line = line[:0]
		case len(line) < limit:
			line = append(line, b)
		}
	}
	if len(line) > 0 {
		fn(line)
	}
}

// tail keeps the last max bytes of the lines that it is given.
type tail struct {
	max int
	buf []byte
}

func (t *tail) add(line []byte) {
	t.buf = append(append(t.buf, line...), '\n')
	if over := len(t.buf) - t.max; over > t.max {
		t.buf = append(t.buf[:0], t.buf[over:]...)
	}
}

func (t *tail) bytes() []byte { return t.buf[max(0, len(t.buf)-t.max):] }
