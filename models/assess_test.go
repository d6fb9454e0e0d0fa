package models

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// frames makes frames one second apart, each with this much of one category and
// the rest neutral.
func frames(category string, shares ...float32) []FrameScores {
	var out []FrameScores
	for i, share := range shares {
		var scores [len(ScoreCategories)]float32
		scores[slices.Index(ScoreCategories[:], category)] = share
		scores[slices.Index(ScoreCategories[:], "neutral")] += 1 - share
		out = append(out, QuantizeScores(time.Duration(i)*time.Second, scores))
	}
	return out
}

func TestVerdictNeedsTwoFramesInARow(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		frames []FrameScores
		want   Verdict
	}{
		"nothing":                 {frames("porn", 0.1, 0.2, 0.1), VerdictSafe},
		"one frame among others":  {frames("porn", 0.1, 0.99, 0.1, 0.98), VerdictSafe},
		"two in a row":            {frames("porn", 0.1, 0.9, 0.95, 0.1), VerdictFlagged},
		"two in a row, half sure": {frames("hentai", 0.1, 0.7, 0.95, 0.1), VerdictReview},
		"just enough":             {frames("hentai", 0.6, 0.6), VerdictReview},
		"the only frame":          {frames("porn", 0.97), VerdictFlagged},
		"suggestive is no flag":   {frames("sexy", 0.99, 0.99, 0.99), VerdictSafe},
		"no frame":                {nil, VerdictSafe},
	} {
		if got := Assess(c.frames, 4000, DefaultPolicy()); got.Verdict != c.want {
			t.Errorf("%s: verdict %s, want %s (%v)", name, got.Verdict, c.want, got.Scores)
		}
	}
}

func TestPolicyDecides(t *testing.T) {
	t.Parallel()
	s := frames("porn", 0.1, 0.5, 0.7, 0.5, 0.1)
	for _, c := range []struct {
		review, flag float64
		run          int
		want         Verdict
		segments     int
	}{
		{0.6, 0.85, 2, VerdictSafe, 0}, {0.6, 0.85, 1, VerdictReview, 1}, {0.6, 0.65, 1, VerdictFlagged, 1},
		{0.4, 0.85, 3, VerdictReview, 1}, {0.4, 0.85, 4, VerdictSafe, 0}, {0.4, 0.5, 0, VerdictFlagged, 1},
	} {
		got := Assess(s, 5000, Policy{ReviewAt: c.review, FlagAt: c.flag, SuggestiveAt: 1, MinimumRun: c.run})
		if got.Verdict != c.want || len(got.Segments) != c.segments {
			t.Errorf("%+v: %s, %+v", c, got.Verdict, got.Segments)
		}
	}
}

func TestSegmentsSpanTheRun(t *testing.T) {
	t.Parallel()
	s := frames("porn", 0, 0.9, 0.95, 0, 0.9, 0, 0.7, 0.7)
	got := Assess(s, 9000, DefaultPolicy()).Segments
	want := []SensitivitySegment{
		{StartMs: 1000, EndMs: 3000, Category: CategoryExplicit, Score: 0.95, EvidenceMs: 2000},
		{StartMs: 6000, EndMs: 9000, Category: CategoryExplicit, Score: 0.7, EvidenceMs: 6000},
	}
	if !slices.Equal(got, want) {
		t.Errorf("segments %+v, want %+v", got, want)
	}
	only := Assess(frames("sexy", 0.9, 0.9), 2000, DefaultPolicy()).Segments
	if len(only) != 1 || only[0].Category != CategorySuggestive {
		t.Errorf("suggestive frames give %+v", only)
	}
}

func TestSegmentsAreBounded(t *testing.T) {
	t.Parallel()
	shares := make([]float32, 4*MaxSegments)
	for i := 0; i < len(shares); i += 2 {
		shares[i] = 0.7
	}
	shares[4*MaxSegments-2] = 0.99
	p := DefaultPolicy()
	p.MinimumRun = 1
	got := Assess(frames("porn", shares...), 0, p).Segments
	if len(got) != MaxSegments || got[MaxSegments-1].Score != 0.99 || got[0].StartMs != 0 {
		t.Errorf("%d segments, the last %+v", len(got), got[len(got)-1])
	}
}

func TestFramesAreSortedByTime(t *testing.T) {
	t.Parallel()
	s := frames("porn", 0.9, 0.1, 0.9)
	s[1].AtMs, s[2].AtMs = s[2].AtMs, s[1].AtMs // the file's order is not the order shown
	before := slices.Clone(s)
	if got := Assess(s, 3000, DefaultPolicy()); got.Verdict != VerdictFlagged {
		t.Errorf("verdict %s: the two frames follow each other when shown", got.Verdict)
	}
	if !slices.Equal(s, before) {
		t.Error("the caller's frames were moved")
	}
}

func TestQuantizeCuts(t *testing.T) {
	t.Parallel()
	got := QuantizeScores(-time.Second, [5]float32{-1, 2, float32(math.NaN()), float32(math.Inf(1)), 0.5})
	if want := (FrameScores{0, [5]uint16{0, 65535, 0, 65535, 32768}}); got != want {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestScoresComeBack(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	many := make([]FrameScores, 900)
	for i := range many {
		many[i].AtMs = int64(i) * 1000
		for k := range many[i].Scores {
			many[i].Scores[k] = uint16(r.Uint32())
		}
	}
	for _, want := range [][]FrameScores{{}, frames("porn", 0, 1, 0.5), many, {{AtMs: math.MaxInt64}}} {
		b := EncodeScores("model", want)
		model, got, err := DecodeScores(b)
		if err != nil || model != "model" || !slices.Equal(got, want) {
			t.Errorf("%d frames came back as %d, %q, %v", len(want), len(got), model, err)
		}
		if len(b) > 32+24*len(want) {
			t.Errorf("%d frames in %d bytes", len(want), len(b))
		}
	}
	if _, got, err := DecodeScores(EncodeScores("m", make([]FrameScores, MaxScoreFrames+1))); err != nil || len(got) != MaxScoreFrames {
		t.Errorf("%d frames, %v", len(got), err)
	}
}

// Whatever bytes: an error with a code, or frames that are written alike.
func FuzzDecodeScores(f *testing.F) {
	f.Add([]byte{})
	f.Add(EncodeScores("m", nil))
	f.Add(EncodeScores("a longer name", frames("porn", 0.1, 0.9, 0.9)))
	f.Add(append([]byte(scoresHead), 0, 0xff, 0xff, 0xff, 0xff, 0x0f))
	f.Add(append([]byte(scoresHead), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01))
	f.Fuzz(func(t *testing.T, b []byte) {
		model, frames, err := DecodeScores(b)
		if err != nil {
			if CodeOf(err) != CodeInternal || frames != nil || model != "" {
				t.Errorf("%v with %d frames", err, len(frames))
			}
			return
		}
		again, same, err := DecodeScores(EncodeScores(model, frames))
		if err != nil || again != model || !slices.Equal(same, frames) {
			t.Errorf("%d frames came back as %d, %v", len(frames), len(same), err)
		}
		if len(b) > 0 {
			if _, _, err := DecodeScores(bytes.Join([][]byte{b, {0}}, nil)); err == nil {
				t.Error("a byte too many was taken")
			}
		}
	})
}
