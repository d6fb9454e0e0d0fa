package ffmpeg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"reelroom/models"
)

// StillOptions say which frame becomes a picture, and how.
type StillOptions struct {
	// At is the frame's own moment, as [Frame.PTS] told it.
	At time.Duration
	// Tolerance is how far from At the picture may be; 0 stands for 1 s. A file
	// that cannot be sought in may have nothing within it.
	Tolerance time.Duration
	// Keyframe tells that the frame is a keyframe: no other is decoded.
	Keyframe bool
	// Width and Quality are as in [ImageOptions].
	Width, Quality int
	// JPEG instead of WebP: four times cheaper to make and a third larger.
	JPEG bool
}

// ErrNoStill tells that the frame was not found where it should be.
var ErrNoStill = errors.New("no frame at that moment")

// Still writes one frame to output, turned upright and with square pixels, by
// seeking to it: 0.1 s of CPU (0.2 s as WebP) wherever it lies in the file. It
// returns [ErrNoStill] when the file leads elsewhere. On error there is no file
// at output. Picture.Small is left empty.
func (t *Tools) Still(ctx context.Context, path string, o StillOptions, output string) (p Picture, err error) {
	if path, _, err = source(path); err != nil {
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
	if o.Tolerance <= 0 {
		o.Tolerance = time.Second
	}
	part := output + ".part"
	defer os.Remove(part)
	info, found := newInfoFilter(), false
	seek, begin := seekArgs(o.At)
	err = t.run(ctx, command{
		tool: "ffmpeg", input: path, output: filepath.Dir(output), wall: imageLimit, maxStdout: 1 << 10,
		args: slices.Concat(logArgs(), []string{"-y"}, t.decodeArgs(o.Keyframe, 1), seek, t.inputArgs(path), []string{
			"-map", "0:V:0",
			"-an", "-sn", "-dn",
			"-vf", chain(from(o.At), fit(o.Width), "setsar=1", info.filter()),
		}, t.asShown(), []string{"-frames:v", "1"}, o.codecArgs(), []string{t.outputArg(part)}),
		stderr: func(line []byte) bool {
			s, frame, mine := info.parse(line)
			if frame && !found { // a second one may have been on its way
				p.Width, p.Height, p.At, found = s.width, s.height, begin+s.pts, true
			}
			return mine || isStatus(line)
		},
	})
	if err != nil && (ctx.Err() != nil || models.CodeOf(err) != models.CodeCorrupt) {
		return Picture{}, err
	}
	written, statErr := os.Stat(part)
	switch {
	case err != nil:
		return Picture{}, fmt.Errorf("%w: %w", ErrNoStill, err)
	case !found || statErr != nil || written.Size() == 0:
		return Picture{}, ErrNoStill
	case p.At-o.At > o.Tolerance || o.At-p.At > o.Tolerance:
		return Picture{}, fmt.Errorf("%w: the next is at %v", ErrNoStill, p.At)
	}
	if err := os.Rename(part, output); err != nil {
		return Picture{}, errDisk.Because(err)
	}
	p.Bytes = written.Size()
	return p, nil
}

// codecArgs are the encoder's flags. The muxers are named: the one for pictures
// would read a % in the file's name.
func (o StillOptions) codecArgs() []string {
	if o.JPEG {
		// From 2, the best, to 31.
		return []string{"-pix_fmt", "yuvj420p", "-c:v", "mjpeg", "-q:v", strconv.Itoa(2 + (100-o.Quality)/4), "-f", "mjpeg"}
	}
	return []string{"-pix_fmt", "yuv420p", "-c:v", "libwebp", "-quality", strconv.Itoa(o.Quality), "-f", "webp"}
}
