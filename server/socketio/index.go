package socketio

import (
	"sync"

	"github.com/zishang520/socket.io/v2/socket"

	"reelroom/rooms"
)

// index knows which session is in which room of this node.
type index struct {
	mu       sync.Mutex
	sessions map[socket.SocketId]*session
	rooms    map[rooms.Room]*room
}

// room holds its members twice: as a set to change, and as a list to walk
// through without holding the lock. The list is made anew after a change.
type room struct {
	members map[*session]struct{}
	list    []*session
}

func newIndex() *index {
	return &index{sessions: map[socket.SocketId]*session{}, rooms: map[rooms.Room]*room{}}
}

// add enters a session with its first rooms, and returns the one of the same id
// whose place it takes, or nil.
func (x *index) add(s *session, first ...rooms.Room) (before *session) {
	x.mu.Lock()
	defer x.mu.Unlock()
	before = x.sessions[s.id]
	x.sessions[s.id] = s
	for _, name := range first {
		x.join(s, name)
	}
	return before
}

// subscribe puts a session into the room of a video and reports whether it
// fits; one that is there already always does.
func (x *index) subscribe(s *session, name rooms.Room, most int) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.sessions[s.id] != s {
		return false
	}
	if _, in := s.rooms[name]; !in && len(s.rooms) >= most {
		return false
	}
	x.join(s, name)
	return true
}

// in reports whether the session is in the room.
func (x *index) in(s *session, name rooms.Room) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	_, in := s.rooms[name]
	return in
}

func (x *index) join(s *session, name rooms.Room) {
	r := x.rooms[name]
	if r == nil {
		r = &room{members: map[*session]struct{}{}}
		x.rooms[name] = r
	}
	if _, in := r.members[s]; in {
		return
	}
	r.members[s], r.list = struct{}{}, nil
	s.rooms[name] = struct{}{}
}

func (x *index) leave(s *session, name rooms.Room) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.drop(s, name)
}

func (x *index) drop(s *session, name rooms.Room) {
	delete(s.rooms, name)
	r := x.rooms[name]
	if r == nil {
		return
	}
	delete(r.members, s)
	r.list = nil
	if len(r.members) == 0 {
		delete(x.rooms, name)
	}
}

// remove takes a session out of everything.
func (x *index) remove(s *session) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for name := range s.rooms {
		x.drop(s, name)
	}
	if x.sessions[s.id] == s {
		delete(x.sessions, s.id)
	}
}

// members lists who is in a room. The list must not be changed.
func (x *index) members(name rooms.Room) []*session {
	x.mu.Lock()
	defer x.mu.Unlock()
	r := x.rooms[name]
	if r == nil {
		return nil
	}
	if r.list == nil {
		r.list = make([]*session, 0, len(r.members))
		for s := range r.members {
			r.list = append(r.list, s)
		}
	}
	return r.list
}

func (x *index) session(id socket.SocketId) *session {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.sessions[id]
}

func (x *index) all() []*session {
	x.mu.Lock()
	defer x.mu.Unlock()
	list := make([]*session, 0, len(x.sessions))
	for _, s := range x.sessions {
		list = append(list, s)
	}
	return list
}

func (x *index) roomsOf(id socket.SocketId) []rooms.Room {
	x.mu.Lock()
	defer x.mu.Unlock()
	s := x.sessions[id]
	if s == nil {
		return nil
	}
	names := make([]rooms.Room, 0, len(s.rooms))
	for name := range s.rooms {
		names = append(names, name)
	}
	return names
}

// inRooms counts the rooms that each session is in.
func (x *index) inRooms() map[*session]int {
	x.mu.Lock()
	defer x.mu.Unlock()
	counts := make(map[*session]int, len(x.sessions))
	for _, s := range x.sessions {
		counts[s] = len(s.rooms)
	}
	return counts
}

func (x *index) counts() (sessions, rooms int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return len(x.sessions), len(x.rooms)
}
