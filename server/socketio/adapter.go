package socketio

import (
	"github.com/zishang520/engine.io/v2/types"
	"github.com/zishang520/socket.io-go-parser/v2/parser"
	"github.com/zishang520/socket.io/v2/socket"

	"reelroom/rooms"
)

// adapterBuilder makes the adapter of each namespace; there is only "/".
type adapterBuilder struct{ door *Door }

func (b adapterBuilder) New(nsp socket.Namespace) socket.Adapter {
	a := &adapter{Adapter: socket.MakeAdapter(), door: b.door, index: b.door.index}
	a.Prototype(a)
	a.Construct(nsp)
	return a
}

// adapter keeps the library's rooms in our index. Who is in a room is decided
// by the handshake and the handlers, from names that only the package rooms
// makes: what the library asks to join is its own room for each socket, which
// the index has no need for.
//
// Events of the log do not pass here but go from the feed to the index; the
// other nodes get them from the log, too.
type adapter struct {
	socket.Adapter
	door  *Door
	index *index
}

// AddAll does nothing: see [adapter].
func (a *adapter) AddAll(socket.SocketId, *types.Set[socket.Room]) {}

// Del does nothing: see [adapter].
func (a *adapter) Del(socket.SocketId, socket.Room) {}

// DelAll does nothing: a session ends with its connection, or when the library
// tells it so. Another of the same id may have taken its place already.
func (a *adapter) DelAll(socket.SocketId) {}

// RestoreSession is called with the pid and the mark that [decoder.connect] has
// put into each CONNECT. The library is given the two names alone, and nothing to join or to
// send: it would do so before the middleware has run.
func (a *adapter) RestoreSession(pid socket.PrivateSessionId, mark string) (*socket.Session, error) {
	known, ok := a.door.taking.Load(mark)
	if !ok {
		return nil, nil
	}
	return &socket.Session{SessionToPersist: &socket.SessionToPersist{
		Sid: socket.SocketId(known.(*admission).session.SID), Pid: pid, Rooms: types.NewSet[socket.Room](),
	}}, nil
}

// PersistSession does nothing: a node that dies would not get here. A session
// is saved when it begins, and when it changes.
func (a *adapter) PersistSession(*socket.SessionToPersist) {}

// SocketRooms returns the rooms that a socket is in.
func (a *adapter) SocketRooms(id socket.SocketId) *types.Set[socket.Room] {
	set := types.NewSet[socket.Room]()
	for _, name := range a.index.roomsOf(id) {
		set.Add(socket.Room(name))
	}
	return set
}

// Broadcast encodes a packet once and sends it to every socket of the rooms,
// or to all when there are none. Binary packets are not sent to rooms.
func (a *adapter) Broadcast(p *parser.Packet, opts *socket.BroadcastOptions) {
	p.Nsp = a.Nsp().Name()
	encoded := a.Nsp().Server().Encoder().Encode(p)
	if len(encoded) != 1 {
		return
	}
	m := newMessage(encoded[0].Bytes())
	for _, s := range a.audience(opts) {
		s.deliver(m)
	}
}

func (a *adapter) audience(opts *socket.BroadcastOptions) []*session {
	if opts == nil || opts.Rooms == nil || opts.Rooms.Len() == 0 {
		return a.index.all()
	}
	var list []*session
	seen := map[*session]struct{}{}
	for _, name := range opts.Rooms.Keys() {
		members := a.index.members(rooms.Room(name))
		if s := a.index.session(socket.SocketId(name)); s != nil {
			members = append(members[:len(members):len(members)], s)
		}
		for _, s := range members {
			if _, twice := seen[s]; !twice {
				seen[s] = struct{}{}
				list = append(list, s)
			}
		}
	}
	return list
}
