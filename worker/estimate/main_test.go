package estimate

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"reelroom/models"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var quiet = slog.New(slog.DiscardHandler)

// memoryStore keeps an experience.
type memoryStore struct {
	mu    sync.Mutex
	kept  models.Experience
	away  bool
	asked int
}

func (s *memoryStore) Experience(context.Context) (models.Experience, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if s.away {
		return models.Experience{}, errors.New("away")
	}
	return s.kept, nil
}

func (s *memoryStore) Learn(_ context.Context, change func(*models.Experience)) (models.Experience, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return models.Experience{}, errors.New("away")
	}
	next, err := s.kept.Changed(change)
	if err == nil {
		s.kept = next
	}
	return next, err
}

// clip is a video of so many seconds and its features, with keyframes that
// suffice.
func clip(seconds int64, pixels int64, codec string) Features {
	samples := Load{Decoded: max(seconds/2, 1), Classified: max(seconds/2, 1)}
	return Features{
		MediaType: "video/mp4", Bytes: seconds * pixels / 4, Known: true, Codec: codec, Pixels: pixels,
		Loads: map[models.Stage]Load{models.StageThumbnail: {Decoded: samples.Decoded}, models.StageSensitivity: samples},
	}
}
