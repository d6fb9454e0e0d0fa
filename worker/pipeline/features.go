package pipeline

import (
	"time"

	"reelroom/models"
	"reelroom/worker/estimate"
)

// FeaturesOf is what the estimator is told of a video: what is known of it at
// present, and what the stages will do with it. Embedded tells that the tools
// are not the machine's own.
func FeaturesOf(v *models.Video, embedded bool) estimate.Features {
	f := estimate.Features{Embedded: embedded, MediaType: v.File.MediaType, Bytes: v.File.Size}
	m := v.Metadata
	if m == nil {
		return f
	}
	f.Known, f.Codec, f.Pixels = true, m.Video.Codec, int64(m.Video.CodedWidth)*int64(m.Video.CodedHeight)
	duration := seconds(m.DurationSeconds)
	// The one pass belongs to the thumbnail; what it sees, the classifier scores.
	picture, more := estimate.Load{}, estimate.Load{}
	switch samplingOf(m) {
	case byInterval:
		picture = estimate.Load{Decoded: m.Video.Frames, Whole: true}
	case bySeeking:
		picture.Decoded = seekFrom * int64(1+duration/seekEvery(duration))
	default:
		picture.Decoded = m.Video.Keyframes
		if seconds(m.Video.KeyframeGapSeconds) > max(shotsSuffice, interval(duration)) {
			more = estimate.Load{Decoded: m.Video.Frames, Whole: true} // at most: what lies in long gaps
		}
	}
	more.Classified = min(max(picture.Decoded, more.Decoded), int64(duration/interval(duration))+1, heldSamples)
	f.Loads = map[models.Stage]estimate.Load{models.StageThumbnail: picture, models.StageSensitivity: more}
	if r := v.Rendition; r != nil && r.Key == "" {
		made := estimate.Load{}
		if r.Kind == models.PlaybackRendition {
			made = estimate.Load{Decoded: m.Video.Frames, Whole: true, Encoded: m.Video.Frames}
		}
		f.Loads[models.StageRendition] = made
	}
	return f
}

func (p *Pipeline) features(v *models.Video) estimate.Features {
	return FeaturesOf(v, p.Tools != nil && !p.Tools.Native())
}

// promising adds to a transition what can be promised of the video after it.
func (p *Pipeline) promising(t models.Transition) models.Transition {
	return func(v *models.Video, now time.Time) error {
		if err := t(v, now); err != nil {
			return err
		}
		if v.Status == models.StatusProcessing && v.Lease.Worker == p.Worker {
			if eta := p.Estimator.Eta(v.Stage, p.features(v)); eta.Fits() { // a store refuses what is no number
				v.Eta = &eta
			}
		}
		return nil
	}
}
