package socketio

import (
	"cmp"
	"slices"
	"time"

	"reelroom/models"
	"reelroom/rooms"
)

// maxShown bounds the videos that are shown of a socket.
const maxShown = 10

// Connections returns the newest sockets of an organization on this node, up to
// most, newest first, and how many there are.
func (d *Door) Connections(org string, most int) (list []models.ConsoleConnection, total int) {
	all := slices.Clone(d.index.members(rooms.Org(org)))
	slices.SortFunc(all, func(a, b *session) int { return cmp.Compare(b.conn.since, a.conn.since) })
	for _, s := range all[:min(most, len(all))] {
		list = append(list, s.connection())
	}
	return list, len(all)
}

func (s *session) connection() models.ConsoleConnection {
	s.mu.Lock()
	who, videos := s.who, slices.Clone(s.videos[max(len(s.videos)-maxShown, 0):])
	s.mu.Unlock()
	if videos == nil {
		videos = []string{}
	}
	c := models.ConsoleConnection{
		ID: string(s.id), UserID: who.UserID, TokenID: who.TokenID, Role: who.Role, Door: "socketio", Transport: s.conn.Transport().Name(),
		Address: s.conn.address, ConnectedAt: time.Unix(0, s.conn.since).UTC(),
		Rooms: len(s.door.index.roomsOf(s.id)), Videos: videos, Sent: s.sent.Load(), QueuedBytes: s.conn.queued(),
	}
	if trip := s.door.heart.trip(s.conn); trip > 0 {
		ms := float64(trip) / float64(time.Millisecond)
		c.RTTMs = &ms
	}
	return c
}
