// Package eventsource reads a stream of Server-Sent Events as a browser does
// (WHATWG HTML, section 9.2.6).
package eventsource

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"
	"time"
)

// maxBytes bounds a line, and the data of an event.
const maxBytes = 4 << 20

var errLarge = errors.New("eventsource: an event is larger than 4 MiB")

// Event is what a listener is called with. Name is "message" for events without
// a name of their own.
type Event struct {
	Name, ID string
	Data     []byte
}

// Reader reads one answer. LastID is what the next request says in
// Last-Event-ID, Retry how long to wait before it; 0 where the server has not
// said.
type Reader struct {
	LastID string
	Retry  time.Duration
	// Comment, where it is set, is called with each comment.
	Comment func(string)

	lines *bufio.Scanner
	id    string
}

// NewReader reads an answer to a request whose Last-Event-ID was lastID. Lines
// end with LF or CRLF.
func NewReader(r io.Reader, lastID string) *Reader {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 4<<10), maxBytes)
	return &Reader{LastID: lastID, id: lastID, lines: lines}
}

// Next returns the next event. What stands without an empty line after it when
// the answer ends is no event; then the error is io.EOF, or that of the
// connection.
func (r *Reader) Next() (Event, error) {
	var name string
	var data []byte
	has := false
	for r.lines.Scan() {
		line := r.lines.Bytes()
		if len(line) == 0 {
			if r.LastID = r.id; has {
				if name == "" {
					name = "message"
				}
				return Event{name, r.LastID, data}, nil
			}
			name = ""
			continue
		}
		field, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch string(field) {
		case "":
			if r.Comment != nil {
				r.Comment(string(value))
			}
		case "event":
			name = string(value)
		case "data":
			if has {
				data = append(data, '\n')
			}
			if data, has = append(data, value...), true; len(data) > maxBytes {
				return Event{}, errLarge
			}
		case "id":
			if !bytes.ContainsRune(value, 0) {
				r.id = string(value)
			}
		case "retry":
			if ms, err := strconv.ParseUint(string(value), 10, 31); err == nil {
				r.Retry = time.Duration(ms) * time.Millisecond
			}
		}
	}
	if err := r.lines.Err(); err != nil {
		return Event{}, err
	}
	return Event{}, io.EOF
}
