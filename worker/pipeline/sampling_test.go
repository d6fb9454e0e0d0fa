package pipeline

import (
	"slices"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/worker/classifier"
	"reelroom/worker/ffmpeg"
)

func TestSamplingIsChosenByTheKeyframes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		seconds   float64
		keyframes int64
		gap       float64
		want      sampling
	}{
		"one frame":                {0, 1, 0, byInterval},
		"a clip, two keyframes":    {10, 2, 0, byInterval},
		"a clip, five close":       {10, 5, 2, byKeyframes},
		"a clip, five uneven":      {10, 5, 5, byInterval},
		"a clip, three":            {5, 3, 2, byInterval},
		"a clip, eight":            {16, 8, 2, byKeyframes},
		"long, two keyframes":      {600, 2, 0, byKeyframes},
		"a phone's":                {600, 600, 0, byKeyframes},
		"two a second":             {600, 1200, 0, byKeyframes},
		"nothing but keyframes":    {600, 18000, 0, bySeeking},
		"that and short":           {8, 240, 0, byKeyframes},
		"that and just long":       {40, 1000, 0, bySeeking},
		"twelve hours of all":      {43200, 43200 * 25, 0, bySeeking},
		"twelve hours, one in 2 s": {43200, 21600, 0, byKeyframes},
	} {
		m := &models.Metadata{DurationSeconds: c.seconds, Video: models.VideoStream{Keyframes: c.keyframes, KeyframeGapSeconds: c.gap}}
		if got := samplingOf(m); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

// sampled are samples at these moments, in seconds.
func sampled(t *testing.T, keyframes bool, at ...float64) *samples {
	t.Helper()
	s, err := newSamples(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	for _, x := range at {
		if _, added, err := s.add(ffmpeg.Frame{PTS: seconds(x), RGB: make([]byte, classifier.FrameBytes)}); err != nil || !added {
			t.Fatal(added, err)
		}
	}
	s.keyframes = keyframes
	return s
}

// However the keyframes lie: with what is looked at between them, no two frames
// lie further apart than what suffices.
func TestGapsAreFilled(t *testing.T) {
	t.Parallel()
	clock := []float64{0, 10, 20, 30, 40, 50, 60, 70, 80, 90}
	cuts := []float64{0, 10.4, 11.9, 15.75, 23, 30.8, 41.2, 45.75, 53, 60.8, 71.2, 75.75, 83, 90.8}
	for name, c := range map[string]struct {
		at        []float64
		keyframes bool
		parts     bool
		suffices  time.Duration
	}{
		"by the clock, close":  {[]float64{0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30}, true, false, keyframesSuffice},
		"by the clock, far":    {clock, true, true, keyframesSuffice},
		"at cuts":              {cuts, true, false, shotsSuffice},
		"at cuts, and one far": {append(slices.Clone(cuts), 140), true, true, shotsSuffice},
		"sought, each late":    {[]float64{0, 3.54, 7.03, 10.5, 14.04, 17.5, 21.04, 24.5, 28.04, 31.5}, true, false, keyframesSuffice},
		"a late one":           {[]float64{50}, true, true, keyframesSuffice},
		"not by keyframes":     {[]float64{0, 50}, false, false, time.Hour},
	} {
		duration := seconds(c.at[len(c.at)-1] + 3)
		s := sampled(t, c.keyframes, c.at...)
		parts := gaps(s, duration)
		if (len(parts) > 0) != c.parts {
			t.Errorf("%s: %v", name, parts)
		}
		all := slices.Clone(s.at)
		for i, p := range parts {
			if p.from >= p.to || p.to > duration || p.every < sampleEvery || i > 0 && p.from < parts[i-1].to {
				t.Errorf("%s: part %d is %v", name, i, p)
			}
			for at := p.from; at <= p.to; at += p.every {
				all = append(all, at)
			}
		}
		slices.Sort(all)
		for i := 1; i < len(all); i++ {
			if gap := all[i] - all[i-1]; gap > c.suffices {
				t.Errorf("%s: %v between %v and %v", name, gap, all[i-1], all[i])
			}
		}
	}
}

func TestPartsAreMergedAndBounded(t *testing.T) {
	t.Parallel()
	var parts []part
	for i := range 1000 {
		at := time.Duration(i) * 30 * time.Second
		parts = append(parts, part{at, at + 5*time.Second, time.Second})
	}
	got := merge(parts)
	if len(got) > maxRanges || got[0].from != 0 || got[len(got)-1].to != parts[999].to {
		t.Errorf("%d parts, %v to %v", len(got), got[0], got[len(got)-1])
	}
	got = merge([]part{{0, 5 * time.Second, 3 * time.Second}, {6 * time.Second, 9 * time.Second, 2 * time.Second}, {20 * time.Second, 21 * time.Second, time.Second}})
	if !slices.Equal(got, []part{{0, 9 * time.Second, 2 * time.Second}, {20 * time.Second, 21 * time.Second, time.Second}}) {
		t.Errorf("%v", got)
	}
}

// A frame alone with a high score gets company; two in a row, and one among
// dense ones, do not.
func TestLoneFramesAreLookedAtMoreClosely(t *testing.T) {
	t.Parallel()
	score := func(at, porn float64) models.FrameScores {
		return models.QuantizeScores(seconds(at), [5]float32{0, 0, float32(1 - porn), float32(porn), 0})
	}
	c := &scan{policy: models.DefaultPolicy(), duration: 100 * time.Second}
	for name, test := range map[string]struct {
		frames []models.FrameScores
		want   []part
	}{
		"none":        {[]models.FrameScores{score(0, 0), score(10, 0.5), score(20, 0)}, nil},
		"alone":       {[]models.FrameScores{score(0, 0), score(10, 0.9), score(20, 0)}, []part{{6 * time.Second, 14 * time.Second, loneEvery}}},
		"near others": {[]models.FrameScores{score(9, 0), score(10, 0.9), score(13, 0)}, []part{{9 * time.Second, 13 * time.Second, loneEvery}}},
		"the last":    {[]models.FrameScores{score(90, 0), score(98, 0.9)}, []part{{94 * time.Second, 100 * time.Second, loneEvery}}},
		"two":         {[]models.FrameScores{score(0, 0), score(10, 0.9), score(20, 0.8), score(30, 0)}, nil},
		"dense":       {[]models.FrameScores{score(0, 0), score(1, 0.9), score(2, 0)}, nil},
		"unordered":   {[]models.FrameScores{score(20, 0.8), score(0, 0), score(10, 0.9)}, nil},
	} {
		c.frames = test.frames
		if got := c.alone(); !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

// Black and flashes lose where they are few.
func TestBestFrameStandsForAll(t *testing.T) {
	t.Parallel()
	s, err := newSamples(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	for i, grey := range []byte{0, 90, 255, 100, 104, 101, 0} {
		rgb := make([]byte, classifier.FrameBytes)
		for k := range rgb {
			rgb[k] = grey
		}
		if _, _, err := s.add(ffmpeg.Frame{PTS: time.Duration(10-i) * time.Second, RGB: rgb}); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.best(); got != 5 { // of the equal ones that of the earliest moment
		t.Errorf("frame %d", got)
	}
	if _, added, err := s.add(ffmpeg.Frame{PTS: 10 * time.Second, RGB: make([]byte, classifier.FrameBytes)}); added || err != nil {
		t.Error("a moment was taken twice")
	}
}

func TestShrinkKeepsShapeAndPlace(t *testing.T) {
	t.Parallel()
	const size = classifier.Size
	rgb := make([]byte, classifier.FrameBytes)
	for y := range size {
		for x := range size / 2 {
			rgb[3*(y*size+x)] = 200 // the left half is red
		}
	}
	for _, shape := range [][2]int{{1280, 720}, {720, 1280}, {10000, 10}, {2, 2}, {0, 0}} {
		w, h := within(models.TileSide, shape[0], shape[1])
		if max(w, h) != models.TileSide || min(w, h) < 2 {
			t.Errorf("%v within %d × %d", shape, w, h)
		}
		out := shrink(rgb, w, h)
		if len(out) != 3*w*h || out[0] != 200 || out[3*(w-1)] != 0 || out[3*(w*h-1)] != 0 || out[3*w*(h-1)] != 200 {
			t.Errorf("%v: wrong corners", shape)
		}
	}
}

func TestSpreadIsEven(t *testing.T) {
	t.Parallel()
	var places []int
	for i := range 950 {
		places = append(places, i)
	}
	if got := spread(places, 100); len(got) != 100 || got[0] != 0 || got[99] < 930 || !slices.IsSorted(got) {
		t.Errorf("%v", got)
	}
	if got := spread(places[:7], 100); len(got) != 7 {
		t.Errorf("%v", got)
	}
}
