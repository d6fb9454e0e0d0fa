package pipeline

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"reelroom/models"
	"reelroom/worker/ffmpeg"
)

// evidenceQuality of the pictures, 1 to 100.
const evidenceQuality = 70

// evidence keeps pictures of the frames that a person may want to see, and
// returns their moments. Hardly a video has one, so they are not made on the
// way: to seek costs 0.1 s of CPU each, and to keep a picture of every frame
// would make the one pass half as dear again. A frame that is not found, or one
// shown twice, is no reason to fail.
func (p *Pipeline) evidence(ctx context.Context, j *job, s *samples, frames []models.FrameScores, segments []models.SensitivitySegment, done func(share float64)) ([]int64, error) {
	moments := models.EvidenceOf(frames, int64(j.video.Metadata.DurationSeconds*1000), segments)
	exact := map[int64]time.Duration{}
	for _, at := range s.at {
		exact[max(at, 0).Milliseconds()] = at
	}
	var kept []int64
	path := filepath.Join(j.dir, "evidence.jpg")
	for i, ms := range moments {
		_, err := p.Tools.Still(ctx, j.source, ffmpeg.StillOptions{
			At: exact[ms], Tolerance: 600 * time.Millisecond, JPEG: true, Quality: evidenceQuality,
		}, path)
		switch {
		case errors.Is(err, ffmpeg.ErrNoStill):
			continue
		case err != nil:
			return nil, err
		}
		if err := p.keepFile(ctx, j.video.OrganizationID, j.video.EvidenceKey(ms), path); err != nil {
			return nil, err
		}
		kept = append(kept, ms)
		done(float64(i+1) / float64(len(moments)))
	}
	return kept, nil
}
