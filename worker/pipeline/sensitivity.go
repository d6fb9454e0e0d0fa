package pipeline

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"reelroom/models"
	"reelroom/worker/classifier"
	"reelroom/worker/ffmpeg"
)

const (
	// keyframesSuffice is the largest gap between keyframes at which nothing
	// but keyframes is decoded, which is 30 times cheaper.
	keyframesSuffice = 4 * time.Second
	// sampleEvery is the least distance between two samples; maxSamples
	// widens it for long videos, minSamples narrows it for short ones.
	sampleEvery = time.Second
	maxSamples  = 900
	minSamples  = 8
)

// sensitivity classifies sampled frames and sums them up.
func (p *Pipeline) sensitivity(ctx context.Context, j *job) (func(*models.Video), error) {
	m := j.video.Metadata
	duration := seconds(m.DurationSeconds)
	every := interval(duration)
	options := ffmpeg.FrameOptions{Width: classifier.Size, Height: classifier.Size, Every: every, Max: 2 * maxSamples}
	sampling := "interval"
	if keyframesOnly(m) {
		options.Keyframes, sampling = true, "keyframes"
	}
	var frames []models.FrameScores
	before, err := p.Policies.Policy(ctx, j.video.OrganizationID)
	if err != nil { // rather now than when all is decoded
		return nil, err
	}
	err = p.Tools.Frames(ctx, j.source, options, func(f ffmpeg.Frame) error {
		scores, err := p.Classifier.Classify(ctx, f.RGB)
		if err != nil {
			return err
		}
		frames = append(frames, models.QuantizeScores(f.PTS, scores))
		if duration > 0 {
			j.report(models.Report{Fraction: float64(f.PTS) / float64(duration), Message: fmt.Sprintf("Looking at frames (%d so far)", len(frames))})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	model, key, policy := p.Classifier.Model(), j.video.ScoresKey(), p.policy(ctx, j.video.OrganizationID, before)
	// Before the record names them: what it names is there.
	if err := p.keep(ctx, j.video.OrganizationID, key, bytes.NewReader(models.EncodeScores(model, frames))); err != nil {
		return nil, err
	}
	a := models.Assess(frames, duration.Milliseconds(), policy)
	s := &models.Sensitivity{
		Verdict: a.Verdict, MachineVerdict: a.Verdict, PolicyVersion: policy.Version, Scores: a.Scores, Segments: a.Segments,
		Frames: len(frames), Sampling: sampling, Model: model, Scope: models.SensitivityScope, ScoresKey: key,
	}
	return func(v *models.Video) { v.Sensitivity = s }, nil
}

// keyframesOnly tells that keyframes suffice.
func keyframesOnly(m *models.Metadata) bool {
	return m.Video.Keyframes >= minSamples && seconds(m.Video.KeyframeGapSeconds) <= keyframesSuffice
}

// policy is the organization's, as it is now; where the store does not say, as
// it was before. What is changed at this very moment, the upkeep sees.
func (p *Pipeline) policy(ctx context.Context, org string, before models.PolicyRecord) models.Policy {
	if r, err := p.Policies.Policy(ctx, org); err == nil {
		return r.Policy
	}
	return before.Policy
}

// interval is the distance between samples for a video of that duration.
func interval(duration time.Duration) time.Duration {
	every := max(sampleEvery, duration/maxSamples)
	if duration > 0 {
		every = min(every, max(duration/minSamples, 100*time.Millisecond))
	}
	return every
}
