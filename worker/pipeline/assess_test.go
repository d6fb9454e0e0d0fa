package pipeline

import (
	"testing"
	"time"

	"reelroom/models"
	"reelroom/worker/classifier"
)

// frames makes samples one second apart, each with this much of one category
// and the rest neutral.
func frames(c classifier.Category, shares ...float32) []sample {
	index := map[classifier.Category]int{}
	for i, name := range classifier.Categories() {
		index[name] = i
	}
	var out []sample
	for i, share := range shares {
		s := sample{at: time.Duration(i) * time.Second}
		s.scores[index[c]] = share
		s.scores[index[classifier.Neutral]] += 1 - share
		out = append(out, s)
	}
	return out
}

func TestVerdictNeedsTwoFramesInARow(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		samples []sample
		want    models.Verdict
	}{
		"nothing":                 {frames(classifier.Porn, 0.1, 0.2, 0.1), models.VerdictSafe},
		"one frame among others":  {frames(classifier.Porn, 0.1, 0.99, 0.1, 0.98), models.VerdictSafe},
		"two in a row":            {frames(classifier.Porn, 0.1, 0.9, 0.95, 0.1), models.VerdictFlagged},
		"two in a row, half sure": {frames(classifier.Hentai, 0.1, 0.7, 0.95, 0.1), models.VerdictReview},
		"the only frame":          {frames(classifier.Porn, 0.97), models.VerdictFlagged},
		"suggestive is no flag":   {frames(classifier.Sexy, 0.99, 0.99, 0.99), models.VerdictSafe},
		"no frame":                {nil, models.VerdictSafe},
	} {
		if got := assess(c.samples, 4*time.Second); got.Verdict != c.want {
			t.Errorf("%s: verdict %s, want %s (%v)", name, got.Verdict, c.want, got.Scores)
		}
	}
}

func TestSegmentsSpanTheRun(t *testing.T) {
	t.Parallel()
	s := frames(classifier.Porn, 0, 0.9, 0.95, 0, 0.9, 0, 0.7, 0.7)
	got := assess(s, 9*time.Second).Segments
	want := []models.SensitivitySegment{
		{StartMs: 1000, EndMs: 3000, Category: explicit, Score: 0.95},
		{StartMs: 6000, EndMs: 9000, Category: explicit, Score: 0.7},
	}
	if len(got) != len(want) || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("segments %+v, want %+v", got, want)
	}
	suggestiveOnly := assess(frames(classifier.Sexy, 0.9, 0.9), 2*time.Second).Segments
	if len(suggestiveOnly) != 1 || suggestiveOnly[0].Category != suggestive {
		t.Errorf("suggestive frames give %+v", suggestiveOnly)
	}
}

func TestSamplesComeSortedByTime(t *testing.T) {
	t.Parallel()
	s := frames(classifier.Porn, 0.9, 0.1, 0.9)
	s[1].at, s[2].at = s[2].at, s[1].at // the file's order is not the order shown
	if got := assess(s, 3*time.Second); got.Verdict != models.VerdictFlagged {
		t.Errorf("verdict %s: the two frames follow each other when shown", got.Verdict)
	}
}

func TestIntervalIsBounded(t *testing.T) {
	t.Parallel()
	for duration, want := range map[time.Duration]time.Duration{
		0:                      time.Second,
		400 * time.Millisecond: 100 * time.Millisecond,
		4 * time.Second:        500 * time.Millisecond,
		time.Minute:            time.Second,
		12 * time.Hour:         48 * time.Second,
	} {
		if got := interval(duration); got != want {
			t.Errorf("a video of %s is sampled every %s, want %s", duration, got, want)
		}
	}
}

func TestStepsAreTheStages(t *testing.T) {
	t.Parallel()
	if len(steps) != len(models.Stages) {
		t.Fatalf("%d steps, %d stages", len(steps), len(models.Stages))
	}
	for i, s := range steps {
		if s.stage != models.Stages[i] {
			t.Errorf("step %d is %s, want %s", i, s.stage, models.Stages[i])
		}
	}
}
