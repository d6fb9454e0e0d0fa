package socketio

import (
	"context"
	"sync"
	"time"

	"github.com/zishang520/engine.io/v2/engine"
	"github.com/zishang520/socket.io/v2/socket"

	"reelroom/models"
	"reelroom/rooms"
	"reelroom/server/limits"
)

// session is one socket whose token was verified, until its end.
type session struct {
	door   *Door
	socket *socket.Socket
	conn   engine.Socket
	dec    *decoder
	id     socket.SocketId
	org    string
	feed   *follower
	seat   limits.Seat
	excess *excess         // what was sent above the limit; nil before the first
	ctx    context.Context // ends with the session
	cancel context.CancelFunc
	once   sync.Once // the end

	// rooms belongs to the index and is guarded by its lock.
	rooms map[rooms.Room]struct{}

	mu    sync.Mutex
	who   models.Identity
	timer *time.Timer
	// open tells that the client has its CONNECT. What is to be delivered
	// before waits in held: the session is in its rooms from before the answer,
	// so that nothing falls between, and no event overtakes the answer.
	open     bool
	held     []*message
	heldSize int
	ended    bool
	inbox    []received
	working  bool

	taking sync.Mutex // one packet at a time takes its slots
	slots  chan struct{}
}

func newSession(d *Door, sock *socket.Socket, dec *decoder, who models.Identity, feed *follower, seat limits.Seat) *session {
	ctx, cancel := context.WithCancel(d.ctx)
	return &session{
		door: d, socket: sock, conn: sock.Conn(), dec: dec, id: sock.Id(),
		org: who.OrganizationID, feed: feed, seat: seat, who: who, ctx: ctx, cancel: cancel,
		rooms: map[rooms.Room]struct{}{}, slots: make(chan struct{}, maxInbox),
	}
}

func (s *session) identity() models.Identity {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.who
}

// deliver sends a message, or keeps it until the CONNECT was answered.
func (s *session) deliver(m *message) {
	s.mu.Lock()
	if s.ended {
		s.mu.Unlock()
		return
	}
	if !s.open {
		s.held = append(s.held, m)
		s.heldSize += len(m.frame)
		full := s.heldSize > maxQueue
		s.ended = full
		s.mu.Unlock()
		if full {
			s.door.stats.slow.Add(1)
			go s.close()
		}
		return
	}
	s.mu.Unlock()
	s.write(m)
}

// write hands a message to the connection. No lock is held: the library may
// find the connection closed and call back. A WebSocket gets it directly; the
// engine would only pass it on, at the price of seven calls to listeners that
// do not exist.
func (s *session) write(m *message) {
	if t, ok := s.conn.Transport().(*wsTransport); ok {
		t.deliver(m)
	} else {
		s.conn.Write(m, options, nil)
	}
	s.door.stats.sent.Add(1)
}

// opened is called when the CONNECT was answered: what was held goes out first,
// then what comes; and the packets that the client has sent are handled.
func (s *session) opened() {
	for {
		s.mu.Lock()
		held := s.held
		s.held, s.heldSize = nil, 0
		if len(held) == 0 {
			s.open = true
			s.work()
			s.mu.Unlock()
			return
		}
		s.mu.Unlock()
		for _, m := range held {
			s.write(m)
		}
	}
}

// close ends the connection and leaves it to the client to come again, which
// socket.io-client does by itself.
func (s *session) close() { s.conn.Close(false) }

// dismiss disconnects the socket: socket.io-client does not come again by
// itself, as its token is of no use any more.
func (s *session) dismiss() {
	s.socket.Disconnect(false)
	s.conn.Close(false)
}

// end takes the session out of everything. It may be called often, and from
// any of the ways in which the library tells an end.
func (s *session) end() {
	s.once.Do(func() {
		s.cancel()
		s.mu.Lock()
		s.ended = true
		s.held, s.inbox = nil, nil
		if s.timer != nil {
			s.timer.Stop()
		}
		s.mu.Unlock()
		s.door.index.remove(s)
		s.door.feed.release(s.feed)
		s.seat.Leave()
	})
}
