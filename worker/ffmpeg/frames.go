package ffmpeg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strconv"
	"time"

	"reelroom/models"
)

const (
	framesLimit = 6 * time.Hour // for one pass over a file
	frameBytes  = 64 << 20      // of one frame given out
	// FramesMax is how many frames a pass gives at most, and by default.
	FramesMax = 100_000
)

// FrameOptions say which frames and how large.
type FrameOptions struct {
	// Keyframes decodes nothing but keyframes, which is 30 times cheaper. They
	// come as they lie in the file; [Scan.KeyframeGap] tells whether they suffice.
	Keyframes bool
	// Every is the least distance between two frames; 0 gives all. No frame is
	// ever given twice, so a gap in the video is a gap here. Where it is set and
	// Keyframes is not, frames that no other frame needs are not decoded (a
	// third less work), so that one may come a few frames late.
	Every time.Duration
	// From and Length limit the pass to a part of the file: it begins at the
	// keyframe at or before From, and at a later one where the file cannot be
	// sought in; frames before From are decoded at most, and not given. A
	// Length of 0 lasts to the end.
	From, Length time.Duration
	// Width and Height are what each picture is stretched to, bicubic.
	Width, Height int
	// Max ends the pass after so many frames; 0 stands for [FramesMax].
	Max int
	// Threads for decoding; 0 stands for 1 with Keyframes, else for one per
	// processor, at most 4.
	Threads int
}

// Frame is one picture.
type Frame struct {
	PTS time.Duration // after the beginning of the file
	RGB []byte        // Width × Height × 3 bytes, valid until the callback returns
}

// Frames decodes the video and gives its frames, turned upright, in the order in
// which they are shown. An error of each ends the pass and is returned. A file
// that ends in the middle of a frame is no error: see [Scan.Short]. A pass that
// gives no frame at all is [models.CodeCorrupt].
func (t *Tools) Frames(ctx context.Context, path string, o FrameOptions, each func(Frame) error) error {
	path, _, err := source(path)
	if err != nil {
		return err
	}
	size := o.Width * o.Height * 3
	if o.Width <= 0 || o.Height <= 0 || o.Width > 1<<14 || o.Height > 1<<14 || size > frameBytes {
		return models.Errorf(models.CodeInvalid, "Frames cannot be %d × %d.", o.Width, o.Height)
	}
	if o.Max <= 0 || o.Max > FramesMax {
		o.Max = FramesMax
	}
	count, err := t.frames(ctx, path, o, o.Every > 0 && !o.Keyframes, each)
	if err == nil && count == 0 && o.Every > 0 && !o.Keyframes && o.From == 0 {
		// Nothing but frames that no other needs: odd, but no damage.
		count, err = t.frames(ctx, path, o, false, each)
	}
	if err == nil && count == 0 {
		return errCorrupt.Because(errors.New("no frame could be decoded"))
	}
	return err
}

// frames makes one pass and counts what it gave. sparse leaves out frames that
// no other needs.
func (t *Tools) frames(ctx context.Context, path string, o FrameOptions, sparse bool, each func(Frame) error) (count int, err error) {
	size := o.Width * o.Height * 3
	info := newInfoFilter()
	stamps := newStamps()
	seek, begin := seekArgs(o.From)
	err = t.run(ctx, command{
		tool: "ffmpeg", input: path, wall: framesLimit,
		maxStdout: int64(size) * int64(o.Max),
		args: slices.Concat(logArgs(), t.decodeArgs(o.Keyframes, o.Threads), skipArgs(sparse), seek, t.inputArgs(path), []string{
			"-map", "0:V:0", // the first video that is not cover art
			"-an", "-sn", "-dn", // nothing else is even demuxed
			"-vf", chain(
				from(o.From),
				until(o.Length),
				every(o.Every),
				fmt.Sprintf("scale=%d:%d:flags=bicubic", o.Width, o.Height),
				"format=rgb24",
				info.filter(),
			),
		}, t.asShown(), []string{
			"-frames:v", strconv.Itoa(o.Max), // a file may claim any length
			"-c:v", "rawvideo", "-f", "rawvideo", "pipe:1",
		}),
		stderr: func(line []byte) bool {
			s, frame, mine := info.parse(line)
			if frame {
				stamps.push(s.pts)
			}
			return mine || isStatus(line)
		},
		stderrEnd: stamps.end,
		stdout: func(r io.Reader) error {
			rgb := make([]byte, size)
			for {
				if _, err := io.ReadFull(r, rgb); err != nil {
					if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
						return nil // how it ended, the exit code says
					}
					return err
				}
				pts, err := stamps.next()
				if err != nil {
					return errCorrupt.Because(err)
				}
				count++
				if err := each(Frame{PTS: begin + pts, RGB: rgb}); err != nil {
					return err
				}
			}
		},
	})
	return count, err
}

// logArgs are the flags for runs whose frames are followed by showinfo.
func logArgs() []string {
	return []string{
		"-hide_banner",
		"-nostdin",          // or it waits for keys
		"-loglevel", "info", // showinfo speaks at this level
		"-stats", // a status line twice a second: a sign of life
	}
}

// decodeArgs are the decoder's flags; they stand before the input.
func (t *Tools) decodeArgs(keyframes bool, threads int) []string {
	switch {
	case t.native == nil:
		threads = 1 // WebAssembly has no threads: libaom waits for its own for ever
	case threads > 0:
	case keyframes:
		threads = 1 // more gain nothing: no frame is waited for by another
	default:
		threads = min(4, runtime.NumCPU())
	}
	args := []string{"-threads", strconv.Itoa(threads)}
	if keyframes {
		args = append(args, "-skip_frame", "nokey") // the decoder drops all others
	}
	return args
}

// asShown keeps ffmpeg from repeating or dropping frames to reach an even rate.
func (t *Tools) asShown() []string {
	if t.modern {
		return []string{"-fps_mode", "passthrough"}
	}
	return []string{"-vsync", "passthrough"} // before 5.1
}

// every is a filter that passes a frame when none was passed for so long. The
// filter fps would fill gaps with copies, and all of them in memory: four
// frames that claim 25 hours are 90,000.
func every(d time.Duration) string {
	if d <= 0 {
		return ""
	}
	// A thousandth of tolerance for rounded time stamps. A frame without a
	// stamp, and one after a jump back, is passed.
	return fmt.Sprintf(`select=isnan(t)+isnan(prev_selected_t)+lt(t\,prev_selected_t)+gte(t-prev_selected_t\,%.6f)`, d.Seconds()*0.999)
}

// chain joins filters, leaving out empty ones.
func chain(filters ...string) string {
	s := ""
	for _, f := range filters {
		switch {
		case f == "":
		case s == "":
			s = f
		default:
			s += "," + f
		}
	}
	return s
}

// isStatus tells ffmpeg's status line, which is of no use in a log.
func isStatus(line []byte) bool {
	return len(line) > 6 && string(line[:6]) == "frame="
}
