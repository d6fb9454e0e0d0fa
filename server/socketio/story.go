package socketio

import (
	"errors"

	"reelroom/models"
	"reelroom/rooms"
)

// maxStory bounds the events that a subscription brings, for one video.
const maxStory = 1000

// story sends what happened to one video after c, and reports whether that was
// all of it. Meanwhile what comes live waits. These events carry no cursor as
// their last argument: the client has a place already, which is further on.
func (s *session) story(videoID string, c rooms.Cursor) (bool, error) {
	s.catching.Lock()
	defer s.catching.Unlock()
	s.mu.Lock()
	had := s.beyond
	s.mu.Unlock()
	live := s.hold()
	whole, err := s.tell(videoID, c, live)
	if _, released := s.release(had); !released {
		s.close() // the client comes again, and is served from the log
	}
	return whole, err
}

func (s *session) tell(videoID string, c, live rooms.Cursor) (bool, error) {
	told := 0
	for c != live {
		p, err := s.feed.tail.after(s.ctx, c)
		if errors.Is(err, models.ErrReset) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		for i := range p.entries {
			e := p.entries[i].event
			if e.VideoID != videoID || !s.door.index.in(s, p.entries[i].room) {
				continue
			}
			if told++; told > maxStory {
				return false, nil
			}
			if err := s.pace(); err != nil {
				return false, err
			}
			s.write(eventMessage(e.Name, e.Payload, ""))
		}
		c = p.end
		if len(p.entries) == 0 || c.Epoch == live.Epoch && c.Seq >= live.Seq {
			break
		}
	}
	return true, nil
}
