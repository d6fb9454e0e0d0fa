package socketio

import (
	"maps"
	"slices"

	"reelroom/rooms"
)

// Watched lists the organizations of which somebody on this node follows a
// video: who does is in more rooms than those that every socket of theirs is in.
func (d *Door) Watched() []string {
	found := map[string]struct{}{}
	for s, n := range d.index.inRooms() {
		if n > len(rooms.Joined(s.identity())) {
			found[s.org] = struct{}{}
		}
	}
	return slices.Collect(maps.Keys(found))
}
