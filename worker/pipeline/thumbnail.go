package pipeline

import (
	"context"
	"encoding/base64"
	"image"
	"io"
	"os"
	"path/filepath"
	"time"

	"go.n16f.net/thumbhash"

	"reelroom/models"
	"reelroom/worker/ffmpeg"
)

// A short file with few keyframes may have none but a black first one: there
// frames between them compete as well.
const (
	fewKeyframes   = 4
	shortFile      = 2 * time.Minute
	sampledFrames  = 16
	nearestSamples = 40 * time.Millisecond
)

// samplesOf is the distance between the frames that compete; 0 for keyframes.
func samplesOf(m *models.Metadata) time.Duration {
	duration := seconds(m.DurationSeconds)
	if m.Video.Keyframes >= fewKeyframes || duration > shortFile || duration <= 0 {
		return 0
	}
	return max(duration/sampledFrames, nearestSamples)
}

// thumbnail chooses the frame that stands best for the whole file, and keeps
// it as WebP with a placeholder hash for the time before it has loaded.
func (p *Pipeline) thumbnail(ctx context.Context, j *job) (func(*models.Video), error) {
	duration := seconds(j.video.Metadata.DurationSeconds)
	path := filepath.Join(j.dir, "thumbnail.webp")
	picture, err := p.Tools.Image(ctx, j.source, ffmpeg.ImageOptions{
		Every: samplesOf(j.video.Metadata),
		Progress: func(seen time.Duration) {
			if duration > 0 {
				j.report(models.Report{Fraction: 0.95 * float64(seen) / float64(duration), Message: "Choosing a thumbnail"})
			}
		},
	}, path)
	if err != nil {
		return nil, err
	}
	key := j.video.ThumbnailKey()
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if err := p.keep(ctx, j.video.OrganizationID, key, file); err != nil {
		return nil, err
	}
	t := &models.Thumbnail{
		Key: key, Width: picture.Width, Height: picture.Height, Bytes: picture.Bytes,
		AtMs: picture.At.Milliseconds(), Placeholder: placeholder(picture.Small),
	}
	return func(v *models.Video) { v.Thumbnail = t }, nil
}

// keep copies what a stage has made into the blobs.
func (p *Pipeline) keep(ctx context.Context, org, key string, from io.Reader) error {
	to, err := p.Blobs.Create(ctx, org, key)
	if err != nil {
		return err
	}
	defer to.Abort()
	if _, err := io.Copy(to, from); err != nil {
		return err
	}
	return to.Commit()
}

// placeholder is the ThumbHash (https://evanw.github.io/thumbhash/) in base 64,
// about 30 characters.
func placeholder(s ffmpeg.Small) string {
	if s.Width <= 0 || s.Height <= 0 || len(s.RGB) < s.Width*s.Height*3 {
		return ""
	}
	img := image.NewNRGBA(image.Rect(0, 0, s.Width, s.Height))
	for i := range s.Width * s.Height {
		copy(img.Pix[4*i:], s.RGB[3*i:3*i+3])
		img.Pix[4*i+3] = 255
	}
	return base64.StdEncoding.EncodeToString(thumbhash.EncodeImage(img))
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
