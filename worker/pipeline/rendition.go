package pipeline

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"reelroom/models"
	"reelroom/worker/ffmpeg"
)

// plan says what will be made of the file for browsers. What cannot be found
// out is taken to be not needed: the video has all else without it.
func (p *Pipeline) plan(ctx context.Context, j *job, m *models.Metadata) *models.Rendition {
	if p.Renditions != models.RenditionsRemux && p.Renditions != models.RenditionsMP4 {
		return nil
	}
	ready, err := ffmpeg.FastStart(j.source)
	encodes := false
	if err == nil && p.Renditions == models.RenditionsMP4 {
		encodes, err = p.Tools.Encodes(ctx)
	}
	if err != nil {
		p.Logger.Warn("whether a version for browsers is needed is not known", "organization", j.video.OrganizationID, "video", j.video.ID, "error", err)
		return nil
	}
	return models.PlanRendition(&j.video, m, p.Renditions, ready, encodes)
}

// rendition makes what was planned. It starts over after a crash: what was
// half made was in the job's own folder.
func (p *Pipeline) rendition(ctx context.Context, j *job) (func(*models.Video), error) {
	if j.video.Rendition == nil {
		return func(*models.Video) {}, nil
	}
	made := *j.video.Rendition
	folder := filepath.Join(j.dir, "rendition")
	if err := os.Mkdir(folder, 0o700); err != nil {
		return nil, err
	}
	path := filepath.Join(folder, "rendition")
	duration := seconds(j.video.Metadata.DurationSeconds)
	err := p.Tools.Remux(ctx, j.source, ffmpeg.RemuxOptions{
		Format:    map[string]string{"video/webm": "webm"}[made.MediaType],
		CopyVideo: made.Kind == models.PlaybackRemux, CopyAudio: made.CopyAudio, Duration: duration,
		Progress: func(done time.Duration) {
			if duration > 0 {
				j.report(models.Report{Fraction: 0.95 * float64(done) / float64(duration), Message: models.StageMessage(models.StageRendition)})
			}
		},
	}, path)
	if err != nil {
		return nil, err
	}
	if err := p.whole(ctx, path, duration); err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	made.Key, made.Bytes = j.video.RenditionKey(), info.Size()
	if err := p.keep(ctx, j.video.OrganizationID, made.Key, f); err != nil {
		return nil, err
	}
	return func(v *models.Video) { v.Rendition = &made }, nil
}

// whole checks that what was made can be read and lasts about as long.
func (p *Pipeline) whole(ctx context.Context, path string, duration time.Duration) error {
	report, err := p.Tools.Probe(ctx, path)
	if err != nil {
		return err
	}
	if short := duration - max(report.Duration, report.Video.Duration); short > max(2*time.Second, duration/20) {
		return models.Errorf(models.CodeCorrupt, "Its end could not be read.").Because(fmt.Errorf("the version for browsers is %v shorter", short))
	}
	return nil
}
