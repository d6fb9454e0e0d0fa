package ffmpeg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// Embedded is the value of [Options.Path] that takes the embedded ffmpeg even
// where native programs are installed.
const Embedded = "embedded"

// stallLimit is how long a tool may be silent while it is waited for.
const stallLimit = 30 * time.Second

// Options tell [Open] what to take.
type Options struct {
	// Path names a native ffmpeg, with ffprobe beside it, which then must
	// work; or [Embedded]. "" takes what stands in PATH, else the embedded one.
	Path string
	// CacheDir keeps the compiled form of the embedded ffmpeg, 78 MB. It is
	// code that will be run: nobody else may write there. "" stands for a
	// folder of this program's in the user's cache.
	CacheDir string
	// Places are folders below which inputs and outputs will lie: walls behind
	// which a tool cannot reach what this process keeps there are not taken.
	Places []string
	// Progress is told how the one-time compilation goes: at least once a
	// second, and once when it is done. May be nil.
	Progress func(done bool, elapsed time.Duration, message string)
}

// Tools run ffmpeg and ffprobe. They may be used concurrently.
type Tools struct {
	native   *native // nil: the embedded ones
	cage     cage    // of the native ones
	trial    *trial  // of the cage, when it is chosen; else nil
	cache    string  // folder of the compiled embedded ones
	program  string  // this binary, which is also the embedded ones
	progress func(done bool, elapsed time.Duration, message string)
	stall    time.Duration // silence that counts as a stall
	modern   bool          // knows -fps_mode (5.1 and later)
	turn     chan struct{} // held by the one call that compiles
	ready    chan struct{} // closed once compiled
	started  func(pid int) // for tests; may be nil
}

// Open chooses between native and embedded. It is quick: what takes time is
// left to [Tools.Prepare] or to the first job. Its error has the code
// [models.CodeToolMissing].
func Open(ctx context.Context, o Options) (*Tools, error) {
	t := &Tools{
		progress: o.Progress, stall: stallLimit,
		turn: make(chan struct{}, 1), ready: make(chan struct{}),
	}
	if t.program = self; t.program == "" {
		t.program, _ = os.Executable()
	}
	if t.progress == nil {
		t.progress = func(bool, time.Duration, string) {}
	}
	var err error
	if o.Path != Embedded {
		if t.native, err = findNative(ctx, t, o.Path); err == nil {
			t.modern = t.native.modern
			t.cage = enclose(ctx, t, o.Places)
			close(t.ready)
			return t, nil
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if o.Path != "" {
			return nil, errMissing.Because(err)
		}
	}
	return t, t.openEmbedded(o, err)
}

// openEmbedded makes t the embedded ffmpeg; why tells why not native.
func (t *Tools) openEmbedded(o Options, why error) (err error) {
	switch {
	case !embeddedBuilt:
		return errMissing.Because(fmt.Errorf("built with the tag noffmpeg: %w", why))
	case !childCalled.Load():
		return errEmbedded.Because(fmt.Errorf("main does not call ffmpeg.Child first"))
	}
	if t.program == "" {
		return errEmbedded.Because(errors.New("this program's file is not known"))
	}
	if t.cache = o.CacheDir; t.cache == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return errEmbedded.Because(err)
		}
		t.cache = filepath.Join(user, "reelroom", "ffmpeg")
	}
	if t.cache, err = filepath.Abs(t.cache); err != nil {
		return errEmbedded.Because(err)
	}
	if err := os.MkdirAll(t.cache, 0o700); err != nil {
		return errEmbedded.Because(err)
	}
	t.modern = true
	return nil
}

// Describe says what is used, for the operator.
func (t *Tools) Describe() string {
	if t.native != nil {
		return fmt.Sprintf("ffmpeg %s (native, %s; %s)", t.native.version, t.native.ffmpeg, t.cage)
	}
	return "ffmpeg " + embeddedVersion + " (embedded, WebAssembly)"
}

// Native tells whether the tools are the machine's own.
func (t *Tools) Native() bool { return t.native != nil }

// Isolated tells whether a tool sees nothing but its input, its output folder
// and its own program. Where not, [Tools.Describe] says what stands instead.
func (t *Tools) Isolated() bool { return t.native == nil || t.cage.rooted() }

// Confined returns nil where a tool reaches nothing but one input, one output
// folder and its own program, and no network; otherwise an error that tells what
// holds instead and what the system refused.
func (t *Tools) Confined() error {
	if t.native == nil || t.cage.confined() {
		return nil
	}
	return fmt.Errorf("%s is not confined to one input and one output folder: %s", t.native.ffmpeg, t.cage)
}

// command makes the process that c describes.
func (t *Tools) command(ctx context.Context, c command) (*exec.Cmd, error) {
	j := job{Tool: c.tool, Args: c.args, Input: c.input, Output: c.output, Cache: t.cache, Limits: c.limits(t.native != nil)}
	if t.native != nil {
		j.Tool = t.native.ffmpeg
		if c.tool == "ffprobe" {
			j.Tool = t.native.ffprobe
		}
		j.Cage, j.Trial = t.cage, t.trial
	} else if c.tool != childCompile {
		if err := t.Prepare(ctx); err != nil {
			return nil, err
		}
	}
	program, args := j.Tool, j.Args
	launched := t.native != nil && t.cage.Walls != wallsNone
	if launched || t.native == nil {
		argument, err := j.argument()
		if err != nil {
			return nil, errSandbox.Because(err)
		}
		program, args = t.program, []string{childCommand, argument}
		if launched {
			args[0] = launchCommand
		}
	}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = []string{} // strangers' input meets none of our secrets
	isolate(cmd)
	cmd.Cancel = func() error { return killGroup(cmd.Process) }
	cmd.WaitDelay = waitDelay
	if program == t.program {
		cmd.Args[0] = "reelroom-ffmpeg"
	}
	if launched {
		if err := t.enter(cmd); err != nil {
			return nil, errSandbox.Because(err)
		}
	}
	return cmd, nil
}

// outside tells whether the tool sees files under their own names.
func (t *Tools) outside() bool { return t.native != nil && !t.cage.rooted() }

// inputArg is how the tool names the input file. The prefix keeps a name like
// "http:x.mp4" from being taken for a protocol.
func (t *Tools) inputArg(path string) string {
	if t.outside() {
		return "file:" + path
	}
	return "file:" + childInput + "/" + inputName
}

// outputArg is how the tool names the file that it writes.
func (t *Tools) outputArg(path string) string {
	if t.outside() {
		return "file:" + path
	}
	return "file:" + childOutput + "/" + filepath.Base(path)
}
