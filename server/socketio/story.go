package socketio

import (
	"context"
	"errors"

	"reelroom/models"
	"reelroom/rooms"
)

// maxStory bounds the events that a subscription brings, for one video.
const maxStory = 1000

// story sends what happened to one video after c, and reports whether that was
// all of it. Meanwhile what comes live waits. These events carry no cursor as
// their last argument: the client has a place already, which is further on.
// ctx bounds the reading of them.
func (s *session) story(ctx context.Context, videoID string, c rooms.Cursor) (bool, error) {
	s.catching.Lock()
	defer s.catching.Unlock()
	live := s.hold()
	s.mu.Lock()
	place := s.place // which does not move now
	s.mu.Unlock()
	whole, err := s.tell(ctx, videoID, c, live)
	if at, released := s.release(place); !released { // more came than was held
		if err := s.catchUp(at, func(rooms.Cursor, bool) {}); err != nil {
			s.ebb(err)
		}
	}
	return whole, err
}

func (s *session) tell(ctx context.Context, videoID string, c, live rooms.Cursor) (bool, error) {
	told := 0
	for c != live {
		p, err := s.feed.tail.upTo(ctx, c, live)
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
