package pipeline

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"
	"time"

	"reelroom/models"
	"reelroom/worker/classifier"
)

const (
	sheetColumns = 10
	sheetQuality = 70 // of the JPEG: 100 tiles take 200 to 400 KB
)

// storyboard keeps a sheet of small pictures for scrubbing, made of the frames
// that were looked at. To make it costs 60 ms of CPU, and no decoding.
func (p *Pipeline) storyboard(ctx context.Context, j *job, s *samples) (*models.Storyboard, error) {
	places := spread(s.inOrder(), models.MaxTiles)
	v := j.video.Metadata.Video
	b := &models.Storyboard{Key: j.video.StoryboardKey(), Columns: min(sheetColumns, len(places))}
	b.TileWidth, b.TileHeight = within(models.TileSide, v.Width, v.Height)
	rows := (len(places) + b.Columns - 1) / b.Columns
	sheet := image.NewRGBA(image.Rect(0, 0, b.Columns*b.TileWidth, rows*b.TileHeight))
	rgb := make([]byte, classifier.FrameBytes)
	for i, place := range places {
		if err := s.read(place, rgb); err != nil {
			return nil, err
		}
		tile := shrink(rgb, b.TileWidth, b.TileHeight)
		left, top := i%b.Columns*b.TileWidth, i/b.Columns*b.TileHeight
		for y := range b.TileHeight {
			row := sheet.Pix[sheet.PixOffset(left, top+y):]
			for x := range b.TileWidth {
				copy(row[4*x:], tile[3*(y*b.TileWidth+x):][:3])
				row[4*x+3] = 255
			}
		}
		b.AtMs = append(b.AtMs, max(s.at[place], 0).Milliseconds())
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, sheet, &jpeg.Options{Quality: sheetQuality}); err != nil {
		return nil, err
	}
	b.Bytes = int64(out.Len())
	return b, p.keep(ctx, j.video.OrganizationID, b.Key, &out)
}

// spread takes at most so many of the places, evenly.
func spread(places []int, most int) []int {
	if len(places) <= most {
		return places
	}
	out := make([]int, most)
	for i := range out {
		out[i] = places[i*len(places)/most]
	}
	return out
}

// within is the size of a picture of that shape whose longest side is side; at
// least 2, for the flattest.
func within(side, width, height int) (int, int) {
	if width <= 0 || height <= 0 {
		return side, side
	}
	if width >= height {
		return side, max(2, side*height/width)
	}
	return max(2, side*width/height), side
}

// shrink makes a picture of that size of a frame, each pixel the mean of those
// that it covers. The frame was squeezed to a square; this gives its shape back.
func shrink(rgb []byte, width, height int) []byte {
	const size = classifier.Size
	out := make([]byte, 3*width*height)
	for y := range height {
		top := y * size / height
		bottom := max((y+1)*size/height, top+1)
		for x := range width {
			left := x * size / width
			right := max((x+1)*size/width, left+1)
			var r, g, b int
			for v := top; v < bottom; v++ {
				for i := 3 * (v*size + left); i < 3*(v*size+right); i += 3 {
					r, g, b = r+int(rgb[i]), g+int(rgb[i+1]), b+int(rgb[i+2])
				}
			}
			n := (bottom - top) * (right - left)
			o := out[3*(y*width+x):]
			o[0], o[1], o[2] = byte(r/n), byte(g/n), byte(b/n)
		}
	}
	return out
}

// seenBefore carries the frames of the one pass from stage to stage, within one
// worker: another one, which takes the work up, has none and looks again.
type seenBefore struct{ samples *samples }

func (b *seenBefore) take(s *samples) {
	b.samples.close()
	b.samples = s
}

func (b *seenBefore) close() { b.take(nil) }

// seenOr returns the frames that an earlier stage saw, or looks.
func (p *Pipeline) seenOr(ctx context.Context, j *job, seen func(time.Duration)) (*samples, error) {
	if j.seen.samples != nil {
		return j.seen.samples, nil
	}
	s, err := p.look(ctx, j, seen)
	if err == nil {
		j.seen.take(s)
	}
	return s, err
}
