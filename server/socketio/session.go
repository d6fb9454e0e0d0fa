package socketio

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zishang520/socket.io/v2/socket"

	"reelroom/models"
	"reelroom/rooms"
	"reelroom/server/limits"
)

// session is one socket whose token was verified, until its end.
type session struct {
	door   *Door
	socket *socket.Socket
	conn   *conn
	dec    *decoder
	id     socket.SocketId
	pid    string // its secret name
	org    string
	feed   *follower
	seat   limits.Seat
	sent   atomic.Uint64   // events
	excess *excess         // what was sent above the limit; nil before the first
	ctx    context.Context // ends with the session
	cancel context.CancelFunc
	once   sync.Once // the end

	// rooms belongs to the index and is guarded by its lock.
	rooms map[rooms.Room]struct{}

	mu    sync.Mutex
	who   models.Identity
	timer *time.Timer
	// open tells that the client has its CONNECT: what it sent is handled.
	open bool
	// While holding, what is to be delivered waits in held: the session is in
	// its rooms from before the CONNECT is answered, so that nothing falls
	// between, and no event overtakes what comes from the log. behind tells that
	// more came than was held.
	holding, behind bool
	held            []*message
	heldSize        int
	// place is the one up to which everything was delivered. The log may have
	// given it, and the feed not have reached it yet: up to there nothing is
	// delivered again.
	place   rooms.Cursor
	videos  []string // followed, for the one who takes the session up
	start   rooms.Cursor
	ended   bool
	unsaved bool // what is remembered of it is older
	inbox   []received
	working bool

	catching sync.Mutex // one at a time is served from the log
	saving   sync.Mutex // one at a time is remembered
	taking   sync.Mutex // one packet at a time takes its slots
	slots    chan struct{}
}

func newSession(d *Door, sock *socket.Socket, dec *decoder, a *admission, feed *follower, seat limits.Seat) *session {
	ctx, cancel := context.WithCancel(d.ctx)
	s := &session{
		door: d, socket: sock, conn: sock.Conn().(*conn), dec: dec, id: sock.Id(), pid: a.session.PID,
		org: a.who.OrganizationID, feed: feed, seat: seat, who: a.who, ctx: ctx, cancel: cancel,
		holding: true, videos: slices.Clone(a.session.Videos),
		rooms: map[rooms.Room]struct{}{}, slots: make(chan struct{}, maxInbox),
	}
	s.conn.session.Store(s)
	s.conn.vouch()
	return s
}

func (s *session) identity() models.Identity {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.who
}

// deliver sends a message, or keeps it for later.
func (s *session) deliver(m *message) {
	s.mu.Lock()
	if s.ended || s.holding {
		if !s.ended {
			s.keep(m)
		}
		s.mu.Unlock()
		return
	}
	if m.at.Epoch != "" {
		if !m.after(s.place) {
			s.mu.Unlock()
			return
		}
		s.place = m.at
	}
	s.mu.Unlock()
	s.write(m)
}

// write hands a message to the connection.
func (s *session) write(m *message) {
	s.conn.deliver(m)
	s.sent.Add(1)
	s.door.stats.sent.Add(1)
}

// opened is called when the CONNECT was answered: the packets that the client
// has sent are handled, it is given what it has missed and its place, and then
// what comes.
func (s *session) opened(a *admission) {
	s.catching.Lock() // before the first packet may ask for it
	defer s.catching.Unlock()
	s.mu.Lock()
	s.open = true
	s.work()
	s.mu.Unlock()
	if s.door.config.trial != nil { // nothing but what the protocol says
		s.release(s.start)
		return
	}
	if a.from.Epoch != "" {
		err := s.catchUp(a.from, func(at rooms.Cursor, whole bool) {
			s.write(readyMessage(whole, at))
			s.door.stats.resume(whole)
		})
		if err != nil {
			s.ebb(err)
		}
		return
	}
	if a.reset != "" {
		s.write(resetMessage(a.reset, s.start))
		s.door.stats.resume(false)
	}
	s.write(readyMessage(false, s.start))
	if at, live := s.release(s.start); !live {
		if err := s.catchUp(at, func(rooms.Cursor, bool) {}); err != nil {
			s.ebb(err)
		}
	}
}

// startFrom notes the place from which the client is to have events: the one it
// came with, or else the present one.
func (s *session) startFrom(from, at rooms.Cursor) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.start = at
	if from.Epoch != "" {
		s.start = from
	}
}

// ebb closes the connection of a client that cannot be given what it misses
// now. It comes again.
func (s *session) ebb(why error) {
	if s.ctx.Err() == nil {
		s.door.complain("a connection was closed, as the log cannot be read", why)
		s.conn.shut(endUnavailable)
	}
}

// saved is what is remembered of the session.
func (s *session) saved() rooms.Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	return rooms.Session{
		PID: s.pid, SID: string(s.id), UserID: s.who.UserID, TokenID: s.who.TokenID, IssuedAt: s.who.IssuedAt,
		Videos: slices.Clone(s.videos), Start: s.start,
	}
}

func (s *session) isUnsaved() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.unsaved
}

// follows notes that a video is followed, or no longer, and reports whether
// that is news.
func (s *session) follows(videoID string, on bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.Index(s.videos, videoID)
	switch {
	case on && i < 0:
		s.videos = append(s.videos, videoID)
	case !on && i >= 0:
		s.videos = slices.Delete(s.videos, i, i+1)
	default:
		return false
	}
	return true
}

// dismiss disconnects the socket from its namespace and ends the connection:
// socket.io-client does not connect again by itself, as its token is of no use
// any more.
func (s *session) dismiss(why ending) {
	s.socket.Disconnect(false)
	s.conn.shut(why)
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
