package socketio

import (
	"bytes"
	"time"
)

// tsField is how the time of an event stands in its payload (models.Base).
var tsField = []byte(`"ts":"`)

// observe reports that an event was handed to its sockets, and how old it is.
func (d *Door) observe(org string, sockets int, payload []byte) {
	if d.config.Delivered == nil {
		return
	}
	age := time.Duration(-1)
	if made, ok := madeAt(payload); ok {
		age = max(time.Since(made), 0) // clocks differ
	}
	d.config.Delivered(org, sockets, age)
}

// madeAt reads the time of an event from its payload, without parsing all of it:
// this is done for each event.
func madeAt(payload []byte) (time.Time, bool) {
	_, rest, ok := bytes.Cut(payload, tsField)
	if !ok {
		return time.Time{}, false
	}
	text, _, _ := bytes.Cut(rest[:min(len(rest), 40)], []byte{'"'})
	made, err := time.Parse(time.RFC3339Nano, string(text))
	return made, err == nil
}
