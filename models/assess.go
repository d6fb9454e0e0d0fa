package models

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// The categories of segments. Suggestive is shown, and never decides.
const (
	CategoryExplicit   = "explicit"
	CategorySuggestive = "suggestive"
)

func explicit(f *FrameScores) float64   { return f.Explicit() }
func suggestive(f *FrameScores) float64 { return f.Score(scoreSexy) }

// MaxSegments bounds what a record and its events carry; of more, those with
// the highest scores are kept.
const MaxSegments = 256

// Assessment is what a policy makes of a video's frames.
type Assessment struct {
	Verdict Verdict
	// Scores holds, by category, the highest score that stood in as many
	// frames in a row as the policy asks for.
	Scores   map[string]float64
	Segments []SensitivitySegment
}

// Assess sums up the frames, in any order: what a category shows counts where
// [Policy.MinimumRun] frames in a row show it, or every frame of a video that
// has fewer. It depends on nothing else, so that stored scores can be assessed
// again when the policy has changed.
func Assess(frames []FrameScores, durationMs int64, p Policy) Assessment {
	frames = slices.Clone(frames)
	slices.SortStableFunc(frames, func(a, b FrameScores) int { return cmp.Compare(a.AtMs, b.AtMs) })
	run := min(max(p.MinimumRun, 1), max(len(frames), 1))
	out := Assessment{Verdict: VerdictSafe, Scores: map[string]float64{}, Segments: []SensitivitySegment{}}
	for i, name := range ScoreCategories {
		out.Scores[name] = round(highest(frames, run, func(f *FrameScores) float64 { return f.Score(i) }))
	}
	top := highest(frames, run, explicit)
	out.Scores[CategoryExplicit] = round(top)
	switch {
	case top >= p.FlagAt:
		out.Verdict = VerdictFlagged
	case top >= p.ReviewAt:
		out.Verdict = VerdictReview
	}
	out.Segments = segments(out.Segments, frames, durationMs, run, CategoryExplicit, p.ReviewAt, explicit)
	out.Segments = segments(out.Segments, frames, durationMs, run, CategorySuggestive, p.SuggestiveAt, suggestive)
	if len(out.Segments) > MaxSegments {
		slices.SortStableFunc(out.Segments, func(a, b SensitivitySegment) int { return cmp.Compare(b.Score, a.Score) })
		out.Segments = out.Segments[:MaxSegments]
	}
	slices.SortStableFunc(out.Segments, func(a, b SensitivitySegment) int { return cmp.Compare(a.StartMs, b.StartMs) })
	return out
}

// DurationMs is the playing time; 0 when unknown.
func (v *Video) DurationMs() int64 {
	if v.Metadata == nil {
		return 0
	}
	return time.Duration(v.Metadata.DurationSeconds * float64(time.Second)).Milliseconds()
}

// highest is the highest score that stands in run frames in a row.
func highest(frames []FrameScores, run int, score func(*FrameScores) float64) float64 {
	top := 0.0
	for i := run; i <= len(frames); i++ {
		least := 1.0
		for j := i - run; j < i; j++ {
			least = min(least, score(&frames[j]))
		}
		top = max(top, least)
	}
	return top
}

// segments appends the runs of enough frames at or above the threshold. One
// lasts until the next frame that is below it, or the end of the video.
func segments(out []SensitivitySegment, frames []FrameScores, durationMs int64, run int, category string, threshold float64, score func(*FrameScores) float64) []SensitivitySegment {
	for i := 0; i < len(frames); i++ {
		first, best := i, i
		for i < len(frames) && score(&frames[i]) >= threshold {
			if score(&frames[i]) > score(&frames[best]) {
				best = i
			}
			i++
		}
		if i-first < run || i == first {
			continue
		}
		end := max(durationMs, frames[len(frames)-1].AtMs)
		if i < len(frames) {
			end = frames[i].AtMs
		}
		out = append(out, SensitivitySegment{
			StartMs: frames[first].AtMs, EndMs: end, Category: category,
			Score: round(score(&frames[best])), EvidenceMs: frames[best].AtMs,
		})
	}
	return out
}

// round keeps four decimals: more would only pretend.
func round(x float64) float64 { return math.Round(x*1e4) / 1e4 }
