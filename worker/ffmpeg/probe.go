package ffmpeg

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"time"
)

const (
	probeLimit  = 2 * time.Minute
	reportLimit = 8 << 20 // bytes of JSON; thousands of chapters fit
)

// Probe describes the file. Where it has no video (audio or cover art only) the
// report comes with [models.CodeNoVideo]; where its picture is larger than
// [MaxPixels], with [models.CodeDimensions].
func (t *Tools) Probe(ctx context.Context, path string) (Report, error) {
	path, size, err := source(path)
	if err != nil {
		return Report{}, err
	}
	var data []byte
	oversize := false
	err = t.run(ctx, command{
		tool: "ffprobe", input: path, wall: probeLimit, maxStdout: reportLimit,
		args: slices.Concat([]string{
			"-v", "error",
			// Bounds what is read before the answer, whatever the file says.
			"-probesize", "50M", "-analyzeduration", "20M",
		}, t.inputArgs(path), []string{
			"-show_format", "-show_streams", "-show_chapters",
			"-of", "json=compact=1",
		}),
		stdout: func(r io.Reader) (err error) {
			data, err = io.ReadAll(r)
			return err
		},
		// A decoder that refuses the picture leaves no size in the report.
		stderr: func(line []byte) bool {
			oversize = oversize || bytes.Contains(line, []byte("max pixel count"))
			return false
		},
	})
	if err != nil {
		return Report{}, err
	}
	report, err := parseReport(data)
	if err != nil {
		return Report{}, errCorrupt.Because(err)
	}
	if report.Size == 0 {
		report.Size = size
	}
	v := report.Video
	switch {
	case v == nil:
		return report, errNoVideo.Because(errors.New("no video stream"))
	case v.CodedWidth*v.CodedHeight > MaxPixels:
		return report, errPixels.Because(errors.New("said by the container"))
	case oversize:
		return report, errPixels.Because(errors.New("said by the decoder"))
	case v.CodedWidth <= 0 || v.CodedHeight <= 0:
		return report, errCorrupt.Because(errors.New("no picture size"))
	}
	return report, nil
}
