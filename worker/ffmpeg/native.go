package ffmpeg

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// native are the machine's own programs.
type native struct {
	ffmpeg, ffprobe string // absolute paths
	version         string
	modern          bool // 5.1 or later
}

const answerLimit = 10 * time.Second // for a program to say its version

// findNative looks for programs that answer and can write WebP. path is "" or
// that of ffmpeg.
func findNative(ctx context.Context, t *Tools, path string) (*native, error) {
	if path == "" {
		path = "ffmpeg"
	}
	ffmpeg, err := exec.LookPath(path)
	if err != nil {
		return nil, err
	}
	if ffmpeg, err = filepath.Abs(ffmpeg); err != nil {
		return nil, err
	}
	// Beside ffmpeg, under the like name (ffmpeg5, ffmpeg.exe); else in PATH.
	folder, name := filepath.Split(ffmpeg)
	ffprobe, err := exec.LookPath(filepath.Join(folder, strings.Replace(name, "ffmpeg", "ffprobe", 1)))
	if err != nil {
		if ffprobe, err = exec.LookPath("ffprobe"); err != nil {
			return nil, err
		}
	}
	if ffprobe, err = filepath.Abs(ffprobe); err != nil {
		return nil, err
	}
	n := &native{ffmpeg: ffmpeg, ffprobe: ffprobe}
	try := &Tools{native: n, stall: t.stall, program: t.program}
	said, err := try.ask(ctx, "ffmpeg", "-version")
	if err != nil {
		return nil, err
	}
	if n.version, n.modern = parseVersion(said); n.version == "" {
		return nil, fmt.Errorf("%s does not say its version", ffmpeg)
	}
	if said, err = try.ask(ctx, "ffprobe", "-version"); err != nil {
		return nil, err
	}
	if v, _ := parseVersion(said); v == "" {
		return nil, fmt.Errorf("%s does not say its version", ffprobe)
	}
	if said, err = try.ask(ctx, "ffmpeg", "-hide_banner", "-encoders"); err != nil {
		return nil, err
	}
	if !strings.Contains(said, " libwebp ") {
		return nil, fmt.Errorf("%s has no encoder for WebP", ffmpeg)
	}
	return n, nil
}

// ask returns what a tool says, at most 64 KiB of it.
func (t *Tools) ask(ctx context.Context, tool string, args ...string) (string, error) {
	return t.askIn(ctx, "", tool, args...)
}

// askIn is ask with the file "input" of a folder and that folder as the output,
// which the tool need not touch; "" for none.
func (t *Tools) askIn(ctx context.Context, folder, tool string, args ...string) (string, error) {
	var said []byte
	c := command{
		tool: tool, args: args, output: folder, wall: answerLimit, maxStdout: 1 << 20,
		stdout: func(r io.Reader) (err error) {
			said, err = io.ReadAll(io.LimitReader(r, 64<<10))
			return err
		},
	}
	if folder != "" {
		c.input = filepath.Join(folder, "input")
	}
	err := t.run(ctx, c)
	return string(said), err
}

var versionLine = regexp.MustCompile(`^ff(?:mpeg|probe) version (n?(\d+)\.(\d+)[.\d]*|\S+)`)

// parseVersion reads the first line of -version. A build from git has no
// number and counts as modern.
func parseVersion(said string) (version string, modern bool) {
	m := versionLine.FindStringSubmatch(said)
	if m == nil {
		return "", false
	}
	if m[2] == "" {
		return m[1], true
	}
	major, _ := strconv.Atoi(m[2])
	minor, _ := strconv.Atoi(m[3])
	return strings.TrimPrefix(m[1], "n"), major > 5 || major == 5 && minor >= 1
}
