package stream

import (
	"strconv"
	"time"

	"reelroom/models"
)

// count notes events that the reader was handed.
func (st *Stream) count(events int) {
	if events == 0 {
		return
	}
	st.sent.Add(uint64(events))
	st.streams.sent.Add(uint64(events))
	if told := st.streams.config.Delivered; told != nil {
		told(st.who.OrganizationID, events)
	}
}

// Measured notes the round trip of a ping.
func (st *Stream) Measured(trip time.Duration) { st.rtt.Store(max(int64(trip), 1)) }

// transports are those of the doors; any other is plain HTTP.
var transports = map[string]string{"ws": "websocket", "ws-batch": "websocket", "poll": "polling"}

// Connections returns the streams of an organization on this node.
func (s *Streams) Connections(org string) []models.ConsoleConnection {
	var out []models.ConsoleConnection
	for _, st := range s.all() {
		if st.who.OrganizationID == org {
			out = append(out, st.connection())
		}
	}
	return out
}

// maxShown bounds the videos that are shown of a connection.
const maxShown = 10

func (st *Stream) connection() models.ConsoleConnection {
	st.mu.Lock()
	queued := st.size
	st.mu.Unlock()
	c := models.ConsoleConnection{
		ID: st.door + "-" + strconv.FormatUint(st.id, 36), UserID: st.who.UserID, TokenID: st.who.TokenID, Role: st.who.Role,
		Door: st.door, Transport: transports[st.door], Address: st.address, ConnectedAt: st.since.UTC(),
		Rooms: len(st.videos), Videos: []string{}, Sent: st.sent.Load(), QueuedBytes: queued,
	}
	if c.Transport == "" {
		c.Transport = "http"
	}
	if !st.only { // the organization's and the user's own
		c.Rooms += 2
	}
	for id := range st.videos {
		if len(c.Videos) < maxShown {
			c.Videos = append(c.Videos, id)
		}
	}
	if trip := st.rtt.Load(); trip > 0 {
		ms := float64(trip) / float64(time.Millisecond)
		c.RTTMs = &ms
	}
	return c
}
