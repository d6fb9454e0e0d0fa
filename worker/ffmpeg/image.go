package ffmpeg

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"reelroom/models"
)

const (
	imageLimit  = time.Hour
	smallSide   = 100     // longest side of the small copy
	imageRound  = 24      // frames that are compared with each other
	ppmMax      = 1 << 20 // bytes; more than smallSide squared takes
	defaultSide = 640
	// defaultQuality of pictures, 1 to 100.
	defaultQuality = 78
)

// ImageOptions say what the picture is like.
type ImageOptions struct {
	// Width is the largest width in pixels, 640 by default; the height is at
	// most twice that. A picture is never enlarged; both sides are even.
	Width int
	// Quality of the WebP, 1 to 100, 78 by default.
	Quality int
	// Every lets frames compete that lie so far apart, keyframes or not: for
	// short files with few keyframes. 0 leaves it to the keyframes, which is
	// 30 times cheaper.
	Every time.Duration
	// Progress is told the time in the video up to which keyframes were seen;
	// over its duration that is true progress. May be nil. It must not block.
	Progress func(seen time.Duration)
}

// Picture is what [Tools.Image] made.
type Picture struct {
	Width, Height int           // of the file
	Bytes         int64         // of the file
	At            time.Duration // the moment shown
	Small         Small         // the same picture for a placeholder hash
}

// Small is a picture of at most 100 × 100 pixels, 3 bytes each.
type Small struct {
	Width, Height int
	RGB           []byte
}

// Image writes the frame that stands best for the whole video to output as
// WebP, turned upright and with square pixels. Keyframes compete in rounds of
// 24 and the winners again: in each round the one nearest to the average
// wins, so black and flashes lose. Where no keyframe can be decoded, the best of
// the first 24 frames is taken. On error there is no file at output.
func (t *Tools) Image(ctx context.Context, path string, o ImageOptions, output string) (Picture, error) {
	path, _, err := source(path)
	if err != nil {
		return Picture{}, err
	}
	if output, err = filepath.Abs(output); err != nil {
		return Picture{}, errDisk.Because(err)
	}
	if o.Width <= 0 || o.Width > 4096 {
		o.Width = defaultSide
	}
	if o.Quality <= 0 || o.Quality > 100 {
		o.Quality = defaultQuality
	}
	p, err := t.image(ctx, path, o, output, o.Every <= 0)
	if err != nil && ctx.Err() == nil && models.CodeOf(err) == models.CodeCorrupt {
		o.Every = 0
		p, err = t.image(ctx, path, o, output, false)
	}
	return p, err
}

func (t *Tools) image(ctx context.Context, path string, o ImageOptions, output string, keyframes bool) (p Picture, err error) {
	part := output + ".part"
	defer os.Remove(part)
	seen, chosen := newInfoFilter(), newInfoFilter()
	found := false
	err = t.run(ctx, command{
		tool: "ffmpeg", input: path, output: filepath.Dir(output), wall: imageLimit, maxStdout: ppmMax,
		args: slices.Concat(logArgs(), []string{"-y"}, t.decodeArgs(keyframes, 0), t.inputArgs(path), []string{
			"-filter_complex", imageGraph(o, seen, chosen, keyframes),
			"-map", "[full]",
		}, t.asShown(), []string{
			"-frames:v", "1",
			"-c:v", "libwebp", "-quality", strconv.Itoa(o.Quality),
			"-f", "webp", // the muxer for pictures would read % in the name
			t.outputArg(part),
			"-map", "[small]",
		}, t.asShown(), []string{
			"-frames:v", "1",
			"-c:v", "ppm", // says its own size
			"-f", "image2pipe", "pipe:1",
		}),
		stderr: func(line []byte) bool {
			s, frame, mine := seen.parse(line)
			if frame && o.Progress != nil {
				o.Progress(s.pts)
			}
			if mine {
				return true
			}
			if s, frame, mine = chosen.parse(line); frame && !found {
				p.Width, p.Height, p.At, found = s.width, s.height, s.pts, true
			}
			return mine || isStatus(line)
		},
		stdout: func(r io.Reader) error {
			data, err := io.ReadAll(r)
			if err == nil {
				p.Small, _ = parsePPM(data)
			}
			return err
		},
	})
	if err != nil {
		return Picture{}, err
	}
	info, err := os.Stat(part)
	if err != nil || info.Size() == 0 || !found || len(p.Small.RGB) == 0 {
		return Picture{}, errCorrupt.Because(errors.New("no picture could be decoded"))
	}
	if err := os.Rename(part, output); err != nil {
		return Picture{}, errDisk.Because(err)
	}
	p.Bytes = info.Size()
	return p, nil
}

// imageGraph scales before it compares: thumbnail holds all frames of a round,
// and 24 of the largest size would be gigabytes. To average areas is good for
// making smaller and takes half the time of bicubic.
func imageGraph(o ImageOptions, seen, chosen infoFilter, keyframes bool) string {
	best := fmt.Sprintf("thumbnail=%d", imageRound)
	if keyframes || o.Every > 0 { // three levels: 13,824 frames
		best = chain(best, best, best)
	}
	return "[0:V:0]" + chain(
		every(o.Every),
		fit(o.Width),
		"setsar=1",
		"format=rgb24", // all that thumbnail takes before version 6
		seen.filter(), best, chosen.filter(),
	) + "[best];[best]split[one][rest];[one]format=yuv420p[full];[rest]" + chain(
		fmt.Sprintf(`scale=w=min(%d\,iw):h=min(%d\,ih):force_original_aspect_ratio=decrease:flags=bicubic`, smallSide, smallSide),
		"format=rgb24",
	) + "[small]"
}

// fit makes a picture at most so wide and twice as high, with square pixels and
// even sides. sar and dar are the input's pixel and picture aspect ratios.
func fit(width int) string {
	return fmt.Sprintf(`scale=w=max(2\,2*trunc(min(min(%d\,iw*sar)\,%d*dar)/2)):h=max(2\,2*trunc(ow/dar/2)):flags=area`, width, 2*width)
}

// parsePPM reads a binary portable pixmap (P6) of at most 100 × 100 pixels with
// 8 bits, as ffmpeg writes it.
func parsePPM(data []byte) (Small, error) {
	head := bytes.SplitN(data, []byte{'\n'}, 4)
	if len(head) < 4 || string(head[0]) != "P6" || string(head[2]) != "255" {
		return Small{}, errors.New("ppm: unexpected header")
	}
	w, h, _ := bytes.Cut(head[1], []byte{' '})
	s := Small{Width: int(min(whole(string(w)), smallSide+1)), Height: int(min(whole(string(h)), smallSide+1))}
	size := s.Width * s.Height * 3
	if size == 0 || s.Width > smallSide || s.Height > smallSide || len(head[3]) < size {
		return Small{}, errors.New("ppm: unexpected size")
	}
	s.RGB = head[3][:size]
	return s, nil
}
