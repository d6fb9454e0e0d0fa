package load

import (
	"bytes"
	"strconv"
	"time"
)

// Marker stands in an event's payload and tells a receiver what it got.
type Marker struct {
	// Run is 1 to 16 letters and digits; what has another one is passed over.
	Run string
	// Org numbers the organization within the run.
	Org int
	// N numbers the events that were sent to the organization, from 1.
	N uint64
	// At is when the event was sent off.
	At time.Time
}

// Field is the name of the payload's field that holds the marker.
const Field = "load"

// opening is how the field begins, in any JSON without white space.
var opening = []byte(`"` + Field + `":"`)

// String writes the marker as it stands in the field.
func (m Marker) String() string {
	return m.Run + "." + strconv.Itoa(m.Org) + "." + strconv.FormatUint(m.N, 10) + "." + strconv.FormatInt(m.At.UnixNano(), 10)
}

// found is a marker in the bytes of a message.
type found struct {
	run      []byte
	org      int
	n        uint64
	unixNano int64
}

// next finds the first marker in text and returns what follows it.
func next(text []byte) (m found, rest []byte, ok bool) {
	begin := bytes.Index(text, opening)
	if begin < 0 {
		return m, nil, false
	}
	text = text[begin+len(opening):]
	end := bytes.IndexByte(text, '"')
	if end < 0 {
		return m, nil, false
	}
	field, rest := text[:end], text[end:]
	dot := bytes.IndexByte(field, '.')
	if dot < 0 {
		return m, rest, false
	}
	m.run, field = field[:dot], field[dot+1:]
	var numbers [3]uint64
	for i := range numbers {
		digits := 0
		for digits < len(field) && digits < 19 && '0' <= field[digits] && field[digits] <= '9' {
			numbers[i] = numbers[i]*10 + uint64(field[digits]-'0')
			digits++
		}
		if digits == 0 || i < 2 && (digits == len(field) || field[digits] != '.') || i == 2 && digits != len(field) {
			return m, rest, false
		}
		field = field[min(digits+1, len(field)):]
	}
	m.org, m.n, m.unixNano = int(numbers[0]), numbers[1], int64(numbers[2])
	return m, rest, true
}

// Find returns the first marker in a payload.
func Find(payload []byte) (Marker, bool) {
	m, _, ok := next(payload)
	return Marker{Run: string(m.run), Org: m.org, N: m.n, At: time.Unix(0, m.unixNano)}, ok
}
