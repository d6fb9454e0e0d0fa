package socketio

import (
	"reelroom/models"
	"reelroom/rooms"
)

// Revoke dismisses the sockets of an organization whose token is revoked, and
// returns how many there were. The token must be refused by then, so that a
// socket that comes meanwhile is refused by the handshake itself.
func (d *Door) Revoke(r models.Revocation) int {
	gone := 0
	for _, s := range d.index.members(rooms.Org(r.OrganizationID)) {
		if r.Covers(s.identity()) {
			s.revoke()
			gone++
		}
	}
	return gone
}

// revoke ends a socket whose token was revoked. It is out of its rooms before
// the goodbye, which may take its time.
func (s *session) revoke() {
	s.end()
	s.door.stats.revoked.Add(1)
	s.dismiss(endRevoked)
}

// revoked reports whether the token was revoked after it was verified.
func (d *Door) revoked(who models.Identity) bool {
	return d.config.Revoked != nil && d.config.Revoked(who)
}
