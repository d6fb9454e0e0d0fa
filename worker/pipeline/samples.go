package pipeline

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"reelroom/worker/classifier"
	"reelroom/worker/ffmpeg"
)

// heldSamples bounds how many frames of a video are taken, and with it the disk
// that a running job needs: 150 KB each.
const heldSamples = 2 * maxSamples

// samples are frames of one video, as the classifier takes them. Everything
// that needs to see the video is made of them, so that it is decoded once:
// scores, the choice of the thumbnail, the storyboard. They lie in a file of
// the job's folder, because the stages that use them follow each other.
type samples struct {
	file *os.File
	at   []time.Duration // by place in the file
	// hues are small histograms, by place, for the choice of a picture.
	hues []hue
	// keyframes tells that no frame between keyframes was looked for.
	keyframes bool
}

func newSamples(dir string) (*samples, error) {
	f, err := os.CreateTemp(dir, "samples-")
	if err != nil {
		return nil, err
	}
	return &samples{file: f}, nil
}

func (s *samples) close() {
	if s != nil {
		_ = s.file.Close()
		_ = os.Remove(s.file.Name())
	}
}

func (s *samples) len() int { return len(s.at) }

// add keeps a frame. One beyond the bound, and one of a moment that is there
// already, is left out.
func (s *samples) add(f ffmpeg.Frame) (place int, added bool, err error) {
	if len(s.at) >= heldSamples || slices.Contains(s.at, f.PTS) {
		return 0, false, nil
	}
	place = len(s.at)
	if _, err := s.file.WriteAt(f.RGB, int64(place)*classifier.FrameBytes); err != nil {
		return 0, false, errNoRoom.Because(err)
	}
	s.at = append(s.at, f.PTS)
	s.hues = append(s.hues, hueOf(f.RGB))
	return place, true, nil
}

// read fills rgb, of [classifier.FrameBytes], with the frame at a place.
func (s *samples) read(place int, rgb []byte) error {
	if _, err := s.file.ReadAt(rgb[:classifier.FrameBytes], int64(place)*classifier.FrameBytes); err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(s.file.Name()), err)
	}
	return nil
}

// inOrder returns the places in the order of time.
func (s *samples) inOrder() []int {
	places := make([]int, len(s.at))
	for i := range places {
		places[i] = i
	}
	slices.SortStableFunc(places, func(a, b int) int { return cmp.Compare(s.at[a], s.at[b]) })
	return places
}

// hue says how much of each of 16 levels there is in red, green and blue, in
// thousandths.
type hue [3 * 16]float32

func hueOf(rgb []byte) (h hue) {
	const step = 3 * 5 // every fifth pixel: 10,000 of them
	n := 0
	for i := 0; i+2 < len(rgb); i += step {
		h[rgb[i]>>4]++
		h[16+rgb[i+1]>>4]++
		h[32+rgb[i+2]>>4]++
		n++
	}
	for i := range h {
		h[i] *= 1000 / float32(max(n, 1))
	}
	return h
}

// best is the place of the frame that stands best for all of them: its colours
// are the nearest to those of all together, so that black ones and flashes lose
// where they are few. Of equal ones the earliest is taken.
func (s *samples) best() int {
	var mean hue
	for _, h := range s.hues {
		for i := range h {
			mean[i] += h[i] / float32(len(s.hues))
		}
	}
	best, least := 0, float32(0)
	for k, place := range s.inOrder() {
		d := float32(0)
		for i, x := range s.hues[place] {
			d += (x - mean[i]) * (x - mean[i])
		}
		if k == 0 || d < least {
			best, least = place, d
		}
	}
	return best
}
