package stream

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"reelroom/models"
	"reelroom/rooms"
	"reelroom/server/limits"
)

// Hub is the part of the hub that streams listen to.
type Hub interface {
	Subscribe(ctx context.Context, org string, deliver func(head rooms.Cursor, events []models.Event)) (start rooms.Cursor, cancel func(), err error)
}

// Events is the part of the log that streams read.
type Events interface {
	After(ctx context.Context, org string, c rooms.Cursor, limit int) ([]models.Event, error)
}

// Config is what streams need.
type Config struct {
	Hub    Hub
	Events Events
	// Revoked reports whether a token was revoked after it was verified; nil
	// for never.
	Revoked func(models.Identity) bool
	// Limits may be nil: then nobody connects too often.
	Limits *limits.Limits
	// Delivered, when not nil, is told how many events of an organization a
	// reader was handed. It must not wait.
	Delivered func(org string, events int)
	// Logger may be nil: then nothing is logged.
	Logger *slog.Logger
}

// Streams are those of this node.
type Streams struct {
	config Config
	reads  singleflight.Group
	slots  chan struct{} // of those who read the log now

	mu       sync.Mutex
	draining bool
	open     map[*Stream]struct{}

	opened, resets, replayed, refused atomic.Uint64
	sent                              atomic.Uint64
	numbers                           atomic.Uint64 // of the streams
}

// maxReads bounds the reads of the log that are under way at once.
const maxReads = 16

// New makes the streams of a node.
func New(c Config) *Streams {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return &Streams{config: c, slots: make(chan struct{}, maxReads), open: map[*Stream]struct{}{}}
}

// errLeaving sends a client to another node.
func errLeaving() error {
	return models.Errorf(models.CodeUnavailable, "This server is stopping.").Again(time.Second)
}

// Open begins a stream of what the member may hear. The error says why not:
// rate_limited, unavailable, token_revoked or token_expired. r tells the address
// that the stream is counted against. Who has opened one closes it.
func (s *Streams) Open(r *http.Request, who models.Identity, q Query) (_ *Stream, err error) {
	defer func() {
		if err != nil {
			s.refused.Add(1)
		}
	}()
	if !who.May(models.ActionView) {
		return nil, models.Errorf(models.CodeForbidden, "Your role does not permit this.")
	}
	arrival, err := s.config.Limits.Arrive(r)
	if err != nil {
		return nil, err
	}
	st := newStream(s, who, q)
	st.id, st.address, st.since = s.numbers.Add(1), s.config.Limits.Client(r), time.Now()
	st.leave = append(st.leave, arrival.Leave)
	defer func() {
		if err != nil {
			st.Close()
		}
	}()
	if err = s.config.Limits.Handshake(who); err != nil {
		return nil, err
	}
	seat, err := s.config.Limits.Sit(who)
	if err != nil {
		return nil, err
	}
	st.leave = append(st.leave, seat.Leave)
	s.mu.Lock()
	draining := s.draining
	if !draining {
		s.open[st] = struct{}{}
	}
	s.mu.Unlock()
	if draining {
		return nil, errLeaving()
	}
	if s.config.Revoked != nil && s.config.Revoked(who) { // only now: see Revoke
		return nil, errRevoked
	}
	if err = st.expireAt(who.ExpiresAt); err != nil {
		return nil, err
	}
	if err = st.subscribe(r.Context()); err != nil {
		return nil, err
	}
	s.opened.Add(1)
	return st, nil
}

func (s *Streams) forget(st *Stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, st)
}

func (s *Streams) all() []*Stream {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]*Stream, 0, len(s.open))
	for st := range s.open {
		out = append(out, st)
	}
	return out
}

// Revoke ends the streams that a revocation covers and returns how many there
// were. The token must be refused by then.
func (s *Streams) Revoke(r models.Revocation) int {
	gone := 0
	for _, st := range s.all() {
		if st.who.OrganizationID == r.OrganizationID && r.Covers(st.who) {
			st.end(errRevoked)
			gone++
		}
	}
	return gone
}

// Watched lists the organizations of which somebody here follows a video.
func (s *Streams) Watched() []string {
	seen := map[string]bool{}
	var out []string
	for _, st := range s.all() {
		if org := st.who.OrganizationID; len(st.videos) > 0 && !seen[org] {
			seen[org] = true
			out = append(out, org)
		}
	}
	return out
}

// The pace at which streams are sent to other nodes.
const (
	drainEach = 2 * time.Millisecond
	drainMost = 5 * time.Second
)

// Drain opens no more streams and ends those that stand, one after the other. It
// returns when all were told, or when ctx ends, with all of them told at once.
func (s *Streams) Drain(ctx context.Context) {
	s.mu.Lock()
	s.draining = true
	s.mu.Unlock()
	list := s.all()
	rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	each := drainEach
	if spread := time.Duration(len(list)) * each; spread > drainMost {
		each = drainMost / time.Duration(len(list))
	}
	ticker := time.NewTicker(each)
	defer ticker.Stop()
	for _, st := range list {
		st.end(errLeaving())
		select {
		case <-ticker.C:
		case <-ctx.Done(): // the rest at once
			ticker.Reset(time.Nanosecond)
		}
	}
}

// Stats are the figures of this node.
type Stats struct {
	// Open streams by door.
	Open map[string]int
	// Opened and Refused count streams; Resets the times that one was told to
	// fetch the present state; Replayed the events that were read from the log.
	Opened, Refused, Resets, Replayed uint64
	// Sent counts the events that readers were handed.
	Sent uint64
}

// Stats returns the present figures.
func (s *Streams) Stats() Stats {
	out := Stats{map[string]int{}, s.opened.Load(), s.refused.Load(), s.resets.Load(), s.replayed.Load(), s.sent.Load()}
	for _, st := range s.all() {
		out.Open[st.door]++
	}
	return out
}

// page reads the log, once for all who ask for the same at the same time.
func (s *Streams) page(ctx context.Context, org string, c rooms.Cursor, limit int) ([]models.Event, error) {
	type answer struct {
		events []models.Event
		err    error
	}
	result := s.reads.DoChan(models.Segment(org)+" "+c.String()+" "+strconv.Itoa(limit), func() (any, error) {
		s.slots <- struct{}{}
		defer func() { <-s.slots }()
		reading, cancel := context.WithTimeout(context.WithoutCancel(ctx), readTime)
		defer cancel()
		events, err := s.config.Events.After(reading, org, c, limit)
		return answer{events, err}, nil
	})
	select {
	case r := <-result:
		a, _ := r.Val.(answer)
		return a.events, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
