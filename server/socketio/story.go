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
	_, err := s.walk(ctx, c, live, func(e *entry) error {
		if e.event.VideoID != videoID {
			return nil
		}
		if told++; told > maxStory {
			return models.ErrReset // the present state has to do
		}
		if err := s.pace(); err != nil {
			return err
		}
		s.write(eventMessage(e.event.Name, e.event.Payload, ""))
		return nil
	})
	if errors.Is(err, models.ErrReset) {
		return false, nil
	}
	return err == nil, err
}
