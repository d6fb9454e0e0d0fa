package pipeline

import (
	"math"
	"slices"
	"time"

	"reelroom/models"
	"reelroom/worker/classifier"
)

// The thresholds of the verdict, for the score that two frames in a row reach.
// On 182 harmless pictures two single ones stood above 0.6, hence the second
// frame, and a person's look between the two thresholds.
const (
	reviewAt     = 0.6
	flagAt       = 0.85
	suggestiveAt = 0.8
)

// The categories of segments. Suggestive is shown, and never decides.
const (
	explicit   = "explicit"
	suggestive = "suggestive"
)

// sample is one classified frame.
type sample struct {
	at     time.Duration
	scores classifier.Scores
}

func (s sample) explicit() float64 {
	return float64(s.scores.Of(classifier.Porn)) + float64(s.scores.Of(classifier.Hentai))
}

// assess sums up the samples: a category counts where two frames in a row show
// it, or the only frame of a video that has but one.
func assess(samples []sample, duration time.Duration) *models.Sensitivity {
	slices.SortFunc(samples, func(a, b sample) int { return int(a.at - b.at) })
	out := &models.Sensitivity{Verdict: models.VerdictSafe, Frames: len(samples), Scores: map[string]float64{}, Segments: []models.SensitivitySegment{}}
	for _, c := range classifier.Categories() {
		out.Scores[string(c)] = round(highest(samples, func(s sample) float64 { return float64(s.scores.Of(c)) }))
	}
	top := highest(samples, sample.explicit)
	out.Scores[explicit] = round(top)
	switch {
	case top >= flagAt:
		out.Verdict = models.VerdictFlagged
	case top >= reviewAt:
		out.Verdict = models.VerdictReview
	}
	out.Segments = append(out.Segments, segments(samples, duration, explicit, reviewAt, sample.explicit)...)
	out.Segments = append(out.Segments, segments(samples, duration, suggestive, suggestiveAt, func(s sample) float64 {
		return float64(s.scores.Of(classifier.Sexy))
	})...)
	slices.SortStableFunc(out.Segments, func(a, b models.SensitivitySegment) int { return int(a.StartMs - b.StartMs) })
	return out
}

// highest is the highest score that stands in two samples in a row.
func highest(samples []sample, score func(sample) float64) float64 {
	if len(samples) == 1 {
		return score(samples[0])
	}
	top := 0.0
	for i := 1; i < len(samples); i++ {
		top = max(top, min(score(samples[i-1]), score(samples[i])))
	}
	return top
}

// segments are the runs of at least two samples (or the only one) above the
// threshold. A run lasts until the next sample that is below it, or the end.
func segments(samples []sample, duration time.Duration, category string, threshold float64, score func(sample) float64) []models.SensitivitySegment {
	var out []models.SensitivitySegment
	for i := 0; i < len(samples); {
		first, top := i, 0.0
		for i < len(samples) && score(samples[i]) >= threshold {
			top = max(top, score(samples[i]))
			i++
		}
		if n := i - first; n >= 2 || n == 1 && len(samples) == 1 {
			end := max(duration, samples[len(samples)-1].at)
			if i < len(samples) {
				end = samples[i].at
			}
			out = append(out, models.SensitivitySegment{
				StartMs: samples[first].at.Milliseconds(), EndMs: end.Milliseconds(), Category: category, Score: round(top),
			})
		}
		if i == first {
			i++
		}
	}
	return out
}

// round keeps four decimals: more would only pretend.
func round(x float64) float64 { return math.Round(x*1e4) / 1e4 }
