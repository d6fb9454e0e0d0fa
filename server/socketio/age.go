package socketio

import (
	"bytes"
	"time"
)

// tsField is how the time of an event stands in its payload (models.Base).
var tsField = []byte(`"ts":"`)

// observe reports how old an event is when it is handed to its sockets.
func (d *Door) observe(payload []byte) {
	if d.config.Delivered == nil {
		return
	}
	if made, ok := madeAt(payload); ok {
		d.config.Delivered(max(time.Since(made), 0)) // clocks differ
	}
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
