package pipeline

import (
	"context"
	"encoding/base64"
	"errors"
	"image"
	"io"
	"os"
	"path/filepath"
	"time"

	"go.n16f.net/thumbhash"

	"reelroom/models"
	"reelroom/worker/classifier"
	"reelroom/worker/ffmpeg"
)

// placeholderSide is the longest side of the picture that the placeholder is
// made of.
const placeholderSide = 100

// thumbnail chooses the frame that stands best for the whole file, and keeps
// it as WebP with a placeholder hash for the time before it has loaded. What it
// has seen of the video on the way is left for the next stage.
func (p *Pipeline) thumbnail(ctx context.Context, j *job) (func(*models.Video), error) {
	duration := seconds(j.video.Metadata.DurationSeconds)
	s, err := p.look(ctx, j, func(at time.Duration) {
		if duration > 0 {
			j.report(models.Report{Fraction: 0.9 * float64(at) / float64(duration), Message: "Choosing a thumbnail"})
		}
	})
	if err != nil {
		return nil, err
	}
	j.seen.take(s)
	best := s.best()
	path := filepath.Join(j.dir, "thumbnail.webp")
	picture, err := p.Tools.Still(ctx, j.source, ffmpeg.StillOptions{
		At: s.at[best], Keyframe: s.keyframes, Tolerance: max(time.Second, duration/20),
	}, path)
	small := ffmpeg.Small{}
	switch {
	case errors.Is(err, ffmpeg.ErrNoStill):
		// A file that cannot be sought in: the choice is made on the way.
		if picture, err = p.Tools.Image(ctx, j.source, ffmpeg.ImageOptions{}, path); err != nil {
			return nil, err
		}
		small = picture.Small
	case err != nil:
		return nil, err
	default:
		rgb := make([]byte, classifier.FrameBytes)
		if err := s.read(best, rgb); err != nil {
			return nil, err
		}
		small.Width, small.Height = within(placeholderSide, picture.Width, picture.Height)
		small.RGB = shrink(rgb, small.Width, small.Height)
	}
	key := j.video.ThumbnailKey()
	if err := p.keepFile(ctx, j.video.OrganizationID, key, path); err != nil {
		return nil, err
	}
	t := &models.Thumbnail{
		Key: key, Width: picture.Width, Height: picture.Height, Bytes: picture.Bytes,
		AtMs: picture.At.Milliseconds(), Placeholder: placeholder(small),
	}
	return func(v *models.Video) { v.Thumbnail = t }, nil
}

// keepFile copies a finished file into the blobs.
func (p *Pipeline) keepFile(ctx context.Context, org, key, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	return p.keep(ctx, org, key, file)
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
