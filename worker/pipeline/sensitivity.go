package pipeline

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"reelroom/models"
	"reelroom/worker/classifier"
)

const (
	// A frame that stands alone with such a score is looked at more closely:
	// loneWithin before and after it, a frame every loneEvery.
	loneWithin = 4 * time.Second
	loneEvery  = time.Second
	// scanShare is how much of the stage's bar stands for the frames; the rest
	// is what is made of them.
	scanShare = 0.95
)

// scan is the sensitivity stage at work.
type scan struct {
	p        *Pipeline
	j        *job
	samples  *samples
	policy   models.Policy
	duration time.Duration
	frames   []models.FrameScores
	rgb      []byte
	expected int // frames, as far as is known
	assessed time.Time
	segments []models.SensitivitySegment
}

// sensitivity classifies the frames that were looked at, looks at more where
// they lie too far apart or where one alone is suspicious, and sums them up.
func (p *Pipeline) sensitivity(ctx context.Context, j *job) (func(*models.Video), error) {
	duration := seconds(j.video.Metadata.DurationSeconds)
	before, err := outlast(ctx, func(ctx context.Context) (models.PolicyRecord, error) { // putting it off would cost another decode
		return p.Policies.Policy(ctx, j.video.OrganizationID)
	})
	if err != nil { // rather now than when all is looked at
		return nil, err
	}
	s, err := p.seenOr(ctx, j, func(time.Duration) {
		j.report(models.Report{Message: "Looking at the video once more"})
	})
	if err != nil {
		return nil, err
	}
	c := &scan{p: p, j: j, samples: s, policy: before.Policy, duration: duration, rgb: make([]byte, classifier.FrameBytes)}
	if err := c.all(ctx); err != nil {
		return nil, err
	}
	model, org := p.Classifier.Model(), j.video.OrganizationID
	c.policy = p.policy(ctx, org, before)
	a := models.Assess(c.frames, duration.Milliseconds(), c.policy)
	result := &models.Sensitivity{
		Verdict: a.Verdict, MachineVerdict: a.Verdict, PolicyVersion: c.policy.Version, Scores: a.Scores, Segments: a.Segments,
		Frames: len(c.frames), Sampling: "interval", Model: model, Scope: models.SensitivityScope, ScoresKey: j.video.ScoresKey(),
	}
	if s.keyframes {
		result.Sampling = "keyframes"
	}
	if result.EvidenceMs, err = p.evidence(ctx, j, s, c.frames, a.Segments, func(share float64) {
		j.report(models.Report{Fraction: scanShare + (1-scanShare)*share, Message: "Keeping pictures of what was found", Segments: a.Segments})
	}); err != nil {
		return nil, err
	}
	board, err := p.storyboard(ctx, j, s)
	if err != nil {
		return nil, err
	}
	// Before the record names them: what it names is there.
	if err := p.keep(ctx, org, result.ScoresKey, bytes.NewReader(models.EncodeScores(model, c.frames))); err != nil {
		return nil, err
	}
	return func(v *models.Video) { v.Sensitivity, v.Storyboard = result, board }, nil
}

// all classifies every frame, in the order of time as far as there is one.
func (c *scan) all(ctx context.Context) error {
	between := gaps(c.samples, c.duration)
	c.expected = c.samples.len()
	for _, g := range between {
		c.expected += int((g.to - g.from) / g.every)
	}
	for _, place := range c.samples.inOrder() {
		if err := c.classify(ctx, place); err != nil {
			return err
		}
	}
	each := func(place int) error { return c.classify(ctx, place) }
	if len(between) > 0 {
		c.samples.keyframes = false
		if err := c.p.lookBetween(ctx, c.j, c.samples, between, each); err != nil {
			return err
		}
	}
	return c.p.lookBetween(ctx, c.j, c.samples, c.alone(), each)
}

// classify scores one frame and reports what was found so far.
func (c *scan) classify(ctx context.Context, place int) error {
	if err := c.samples.read(place, c.rgb); err != nil {
		return err
	}
	scores, err := c.p.Classifier.Classify(ctx, c.rgb)
	if err != nil {
		return err
	}
	c.frames = append(c.frames, models.QuantizeScores(c.samples.at[place], scores))
	if now := time.Now(); now.Sub(c.assessed) >= videoEvery { // no more often than it is published
		c.assessed = now
		c.segments = models.Assess(c.frames, c.duration.Milliseconds(), c.policy).Segments
	}
	c.j.report(models.Report{
		Fraction: scanShare * float64(len(c.frames)) / float64(max(c.expected, len(c.frames), 1)),
		Message:  fmt.Sprintf("Looking at frames (%d so far)", len(c.frames)), Segments: c.segments,
	})
	return nil
}

// alone are the parts around frames that score high while their neighbours do
// not. Among keyframes a short shot has but one, and one does not count: with
// more of them it counts, or was a mistake. Denser frames need no second look.
func (c *scan) alone() []part {
	frames := slices.Clone(c.frames)
	slices.SortFunc(frames, func(a, b models.FrameScores) int { return cmp.Compare(a.AtMs, b.AtMs) })
	const wide = 2 * loneEvery
	at := func(i int) time.Duration { return time.Duration(frames[i].AtMs) * time.Millisecond }
	high := func(i int) bool { return i >= 0 && i < len(frames) && frames[i].Explicit() >= c.policy.ReviewAt }
	var out []part
	for i := range frames {
		if !high(i) || high(i-1) || high(i+1) || len(out) == models.MaxEvidence {
			continue
		}
		from, to := time.Duration(0), c.duration
		if i > 0 {
			from = at(i - 1)
		}
		if i+1 < len(frames) {
			to = at(i + 1)
		}
		if at(i)-from <= wide && to-at(i) <= wide {
			continue
		}
		out = append(out, part{max(from, at(i)-loneWithin), min(max(to, at(i)), at(i)+loneWithin), loneEvery})
	}
	return merge(out)
}

// policy is the organization's, as it is now; where the store does not say, as
// it was before. What is changed at this very moment, the upkeep sees.
func (p *Pipeline) policy(ctx context.Context, org string, before models.PolicyRecord) models.Policy {
	if r, err := p.Policies.Policy(ctx, org); err == nil {
		return r.Policy
	}
	return before.Policy
}
