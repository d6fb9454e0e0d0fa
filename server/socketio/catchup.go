package socketio

import (
	"context"
	"errors"

	"reelroom/models"
	"reelroom/rooms"
)

// Replay meets live like this. A session that is being served from the log
// holds: live messages wait, up to a bound. The log is read up to the place that
// was being delivered when the hold began; then the waiting ones go out, without
// those that the log gave already, and the hold ends. When too much has waited
// it is dropped, for the log has it too, and the reading goes on from where it
// is. The log may be ahead of what comes live: that is then not delivered again.
// So nothing is missed, nothing comes twice, and memory stays bounded.

// maxHeld bounds what a session holds, in bytes.
const maxHeld = 64 << 10

// paceBytes is how much may wait for a reader before the next message is read
// from the log for it.
const paceBytes = 64 << 10

// hold begins to hold live messages, anew if it holds already, and returns a
// place: all that comes after it will be held.
func (s *session) hold() rooms.Cursor {
	s.mu.Lock()
	s.holding, s.behind = true, false
	s.dropLogged()
	s.mu.Unlock()
	return s.feed.at() // only now: see follower.at
}

// keep holds a message; mu is held. What no log has is kept in any case: that
// is little, and only made by this node.
func (s *session) keep(m *message) {
	if m.at.Epoch != "" {
		if s.behind {
			return
		}
		if s.heldSize+len(m.frame) > maxHeld {
			s.behind = true
			s.dropLogged()
			return
		}
		s.heldSize += len(m.frame)
	}
	s.held = append(s.held, m)
}

// dropLogged drops what the log has; mu is held.
func (s *session) dropLogged() {
	kept := s.held[:0]
	for _, m := range s.held {
		if m.at.Epoch == "" {
			kept = append(kept, m)
		}
	}
	clear(s.held[len(kept):])
	s.held, s.heldSize = kept, 0
}

// release ends the hold for a client that has everything up to c. It reports
// false when messages were dropped meanwhile: then what comes after the place
// that it returns must be read from the log.
func (s *session) release(c rooms.Cursor) (rooms.Cursor, bool) {
	for {
		s.mu.Lock()
		if s.behind || len(s.held) == 0 {
			s.holding, s.place = s.behind, c
			s.mu.Unlock()
			return c, !s.holding
		}
		held := s.held
		s.held, s.heldSize = nil, 0
		s.mu.Unlock()
		for _, m := range held {
			if !m.after(c) {
				continue
			}
			if s.pace() != nil {
				return c, true // it has ended
			}
			s.write(m)
			if m.at.Epoch != "" {
				c = m.at
			}
		}
	}
}

// catchUp delivers what came after c, of the rooms that the session is in, and
// then what comes live. done is called between the two, with the place reached
// and whether everything was there: else stream:reset was sent.
func (s *session) catchUp(c rooms.Cursor, done func(at rooms.Cursor, whole bool)) error {
	for first := true; ; first = false {
		live := s.hold()
		reached, whole, err := s.replay(c, live)
		if err != nil {
			return err
		}
		c = reached
		if first {
			done(c, whole)
		}
		var released bool
		if c, released = s.release(c); released {
			return nil
		}
	}
}

// replay writes the events after c, at least up to the place live, and returns
// the place reached. When some of them are gone it tells the client to start
// anew from live, and reports false.
func (s *session) replay(c, live rooms.Cursor) (rooms.Cursor, bool, error) {
	reached, err := s.walk(s.ctx, c, live, func(e *entry) error {
		if err := s.pace(); err != nil {
			return err
		}
		s.write(e.message)
		s.door.stats.replayed.Add(1)
		return nil
	})
	if errors.Is(err, models.ErrReset) {
		s.write(resetMessage(reasonExpired, live))
		return live, false, nil
	}
	return reached, err == nil, err
}

// walk calls each with the events after c, at least up to the place live, of the
// rooms that the session is in, and returns the place reached. An error of each
// ends it; [models.ErrReset] says that some of the events are gone.
func (s *session) walk(ctx context.Context, c, live rooms.Cursor, each func(*entry) error) (rooms.Cursor, error) {
	for c != live {
		p, err := s.feed.tail.upTo(ctx, c, live)
		if err != nil {
			return c, err
		}
		for i := range p.entries {
			if !s.door.index.in(s, p.entries[i].room) {
				continue
			}
			if err := each(&p.entries[i]); err != nil {
				return c, err
			}
		}
		c = p.end
		if len(p.entries) == 0 || c.Epoch == live.Epoch && c.Seq >= live.Seq {
			break // the head
		}
	}
	return c, nil
}

// pace waits until little waits for the reader: the log is read as fast as the
// client takes it. A reader that takes nothing is cut by the transport.
func (s *session) pace() error {
	for {
		relief := s.pressure()
		if relief == nil {
			return s.ctx.Err()
		}
		select {
		case <-relief:
		case <-s.ctx.Done():
			return context.Cause(s.ctx)
		}
	}
}

// pressure returns nil when little waits for the reader; else what is closed
// when that may have changed.
func (s *session) pressure() <-chan struct{} {
	if t, ok := s.conn.Transport().(interface{ pressure(int) <-chan struct{} }); ok {
		return t.pressure(paceBytes)
	}
	return nil
}
