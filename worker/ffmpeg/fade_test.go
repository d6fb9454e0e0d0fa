package ffmpeg

import (
	"path/filepath"
	"testing"
	"time"
)

// A file whose only keyframe is black still gets a picture of what it shows.
func TestImageBetweenKeyframes(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, tools *Tools) {
		p, err := tools.Image(t.Context(), media(t, "fade.mp4"), ImageOptions{Every: 400 * time.Millisecond}, filepath.Join(t.TempDir(), "p.webp"))
		if err != nil {
			t.Fatal(err)
		}
		sum := 0
		for _, b := range p.Small.RGB {
			sum += int(b)
		}
		if mean := sum / max(len(p.Small.RGB), 1); mean < 40 || p.At < time.Second {
			t.Errorf("mean brightness %d, taken at %s", mean, p.At)
		}
	})
}
