package models

import (
	"cmp"
	"slices"
)

// What a policy may ask to see: frames that score less are never evidence. Of
// more than MaxEvidence the highest are kept.
const (
	EvidenceExplicitAt   = 0.3
	EvidenceSuggestiveAt = 0.5
	MaxEvidence          = 50
)

// EvidenceOf chooses the moments whose pictures are kept, in order: first those
// of the segments under the present policy, the highest scores first, then, for
// other policies, the highest frames above a low floor, so that half of the
// distance between two of an even spread lies between any two of them.
func EvidenceOf(frames []FrameScores, durationMs int64, segments []SensitivitySegment) []int64 {
	var chosen []int64
	apart := durationMs / (2 * MaxEvidence)
	take := func(at, apart int64) {
		for _, other := range chosen {
			if d := other - at; d == 0 || max(d, -d) < apart {
				return
			}
		}
		if len(chosen) < MaxEvidence {
			chosen = append(chosen, at)
		}
	}
	segments = slices.Clone(segments)
	slices.SortStableFunc(segments, func(a, b SensitivitySegment) int { return cmp.Compare(b.Score, a.Score) })
	for _, s := range segments {
		take(s.EvidenceMs, 0)
	}
	frames = slices.Clone(frames)
	frames = slices.DeleteFunc(frames, func(f FrameScores) bool {
		return explicit(&f) < EvidenceExplicitAt && suggestive(&f) < EvidenceSuggestiveAt
	})
	slices.SortStableFunc(frames, func(a, b FrameScores) int {
		return cmp.Compare(max(explicit(&b), suggestive(&b)), max(explicit(&a), suggestive(&a)))
	})
	for _, f := range frames {
		take(f.AtMs, max(apart, 1))
	}
	slices.Sort(chosen)
	return chosen
}

// Evidence returns the moment of the kept picture that shows the segment: that
// of its highest frame, else the nearest to it within the segment.
func (s *Sensitivity) Evidence(segment SensitivitySegment) (atMs int64, ok bool) {
	for _, at := range s.EvidenceMs {
		if at < segment.StartMs || at > segment.EndMs {
			continue
		}
		if !ok || distance(at, segment.EvidenceMs) < distance(atMs, segment.EvidenceMs) {
			atMs, ok = at, true
		}
	}
	return atMs, ok
}

func distance(a, b int64) int64 { return max(a-b, b-a) }

// shownSensitivity is what clients see: without what only stores do, and with
// the links to the evidence.
func (v *Video) shownSensitivity(links Links) *Sensitivity {
	if v.Sensitivity == nil {
		return nil
	}
	c := *v.Sensitivity
	c.Segments = slices.Clone(c.Segments)
	for i := range c.Segments {
		if at, ok := v.Sensitivity.Evidence(c.Segments[i]); ok {
			url := links.Evidence(v.OrganizationID, v.ID, at)
			c.Segments[i].Evidence = &url
		}
	}
	c.MachineVerdict, c.ScoresKey, c.EvidenceMs = v.Sensitivity.Machine(), "", nil
	return &c
}

// maxProgressSegments bounds what each progress event carries; the outcome has
// them all.
const maxProgressSegments = 32

// highestSegments returns at most so many, in the order of time.
func highestSegments(segments []SensitivitySegment, most int) []SensitivitySegment {
	if len(segments) <= most {
		return segments
	}
	segments = slices.Clone(segments)
	slices.SortStableFunc(segments, func(a, b SensitivitySegment) int { return cmp.Compare(b.Score, a.Score) })
	segments = segments[:most]
	slices.SortStableFunc(segments, func(a, b SensitivitySegment) int { return cmp.Compare(a.StartMs, b.StartMs) })
	return segments
}
