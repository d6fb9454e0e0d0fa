package ffmpeg

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// remuxLimit and remuxPace bound the work: so long, and so many times the
	// playing time.
	remuxLimit = 15 * time.Minute
	remuxPace  = 12
	// outputSpare is how much larger than twice the source the result may be.
	outputSpare = 64 << 20
	// shiftPace is how many bytes a second a disk moves at least: at the end
	// the index is put to the front, which makes no sign of life.
	shiftPace = 10 << 20
	// maxBoxes bounds the search for the index in a file.
	maxBoxes = 10_000
)

// RemuxOptions say what is made of a file.
type RemuxOptions struct {
	// Format is "mp4" or "webm". The index of an mp4 stands at its front.
	Format string
	// CopyVideo and CopyAudio leave the streams as they are; else they become
	// H.264 (8 bits, at most 1920 pixels a side) and AAC, or FLAC with the
	// embedded tools.
	CopyVideo, CopyAudio bool
	// Duration is the playing time; 0 when unknown.
	Duration time.Duration
	// Progress is told how far the work is, in the time of the video. May be nil.
	Progress func(done time.Duration)
}

// Remux makes of the first picture and the first sound of a file one that a
// browser plays, at output, in a folder that has nothing else. On error there
// is no file at output.
func (t *Tools) Remux(ctx context.Context, path string, o RemuxOptions, output string) (err error) {
	path, size, err := source(path)
	if err != nil {
		return err
	}
	if output, err = filepath.Abs(output); err != nil {
		return errDisk.Because(err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(output)
		}
	}()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	limit := t.stall + time.Duration(size/shiftPace)*time.Second
	signs, watching := newWatch(), make(chan struct{})
	go func() { defer close(watching); signs.guard(ctx, limit, 0, cancel) }()
	defer func() { signs.done(); <-watching }()
	err = t.run(ctx, command{
		tool: "ffmpeg", input: path, output: filepath.Dir(output),
		wall: remuxLimit + remuxPace*o.Duration, maxStdout: 64 << 20,
		maxFile: 2*size + outputSpare, maxFolder: 2*size + 2*outputSpare,
		args: slices.Concat([]string{
			"-hide_banner", "-nostdin", "-loglevel", "error", "-y",
			"-progress", "pipe:1", "-nostats",
		}, t.decodeArgs(false, 0), t.inputArgs(path), remuxArgs(o, t.native == nil), t.encodeThreads(), []string{t.outputArg(output)}),
		quiet: true, // how it stalls is known better here
		stdout: func(r io.Reader) error {
			eachLine(r, stderrLine, func(line []byte) bool {
				if micro, ok := strings.CutPrefix(string(line), "out_time_us="); ok {
					n, err := strconv.ParseInt(strings.TrimSpace(micro), 10, 64)
					if err != nil || n <= 0 {
						return true
					}
					if signs.touch(); o.Progress != nil {
						o.Progress(time.Duration(n) * time.Microsecond)
					}
				}
				return true
			})
			return nil
		},
	})
	if err != nil {
		return err
	}
	if info, err := os.Stat(output); err != nil || info.Size() == 0 {
		return errCorrupt.Because(errors.New("nothing came of it"))
	}
	return nil
}

// encodeThreads keeps the encoder from more than its share.
func (t *Tools) encodeThreads() []string { return t.decodeArgs(false, 0) }

func remuxArgs(o RemuxOptions, embedded bool) []string {
	args := []string{
		"-map", "0:V:0", // not cover art
		"-map", "0:a:0?",
		"-map_metadata", "-1", // where and with what it was filmed is nobody's business
		"-map_chapters", "-1",
		"-max_muxing_queue_size", "1024", // packets that wait for the other stream
	}
	if o.CopyVideo {
		args = append(args, "-c:v", "copy")
	} else {
		args = append(args,
			"-vf", chain(
				`scale=w=trunc(iw*sar/2)*2:h=trunc(ih/2)*2`, "setsar=1", // square pixels
				`scale=w=min(1920\,iw):h=min(1920\,ih):force_original_aspect_ratio=decrease:force_divisible_by=2`,
				"format=yuv420p"),
			"-c:v", "libx264", "-preset", "veryfast", "-crf", "23",
			"-maxrate", "8M", "-bufsize", "16M", // what a line carries
			"-g", "120", // seeks land soon
		)
	}
	switch {
	case o.CopyAudio:
		args = append(args, "-c:a", "copy")
	case embedded:
		// It cannot read the list of rates that other encoders ask for.
		args = append(args, "-c:a", "flac", "-sample_fmt", "s16", "-strict", "-2")
	default:
		args = append(args, "-c:a", "aac", "-b:a", "160k", "-ac", "2")
	}
	if o.Format == "webm" {
		return append(args, "-f", "webm")
	}
	return append(args, "-movflags", "+faststart", "-f", "mp4")
}

// Encodes reports whether the tools can encode H.264 and AAC.
func (t *Tools) Encodes(ctx context.Context) (bool, error) {
	said, err := t.ask(ctx, "ffmpeg", "-hide_banner", "-encoders")
	return strings.Contains(said, " libx264 ") && strings.Contains(said, " aac "), err
}

// FastStart reports whether the index of a file in the form of MP4 (ISO/IEC
// 14496-12) stands before what it tells of, so that a player need not look for
// it at the end. A file of another form counts as such.
func FastStart(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	var at int64
	for range maxBoxes {
		var head [16]byte
		n, err := f.ReadAt(head[:], at)
		if n < 8 {
			if err == io.EOF {
				err = nil
			}
			return at == 0, err
		}
		size := int64(binary.BigEndian.Uint32(head[:4]))
		switch kind := string(head[4:8]); {
		case at == 0 && !slices.Contains([]string{"ftyp", "moov", "mdat", "free", "wide", "skip", "pnot"}, kind):
			return true, nil
		case kind == "moov":
			return true, nil
		case kind == "mdat":
			return false, nil
		}
		if size == 1 && n == 16 {
			size = int64(min(binary.BigEndian.Uint64(head[8:]), 1<<62))
		}
		if size < 8 || at > 1<<62-size {
			return false, nil // to the end of the file, or nonsense
		}
		at += size
	}
	return false, nil
}
