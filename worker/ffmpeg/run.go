package ffmpeg

import (
	"cmp"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"time"
)

const (
	stderrTail = 4 << 10 // bytes of stderr kept for the log
	stderrLine = 1 << 10 // longer lines are cut
	// waitDelay is how long an empty pipe may stay open after the tool has ended.
	waitDelay = 2 * time.Second
)

// errEnough is what a reader of stdout returns when it needs no more: the tool
// is killed and the run counts as good.
var errEnough = errors.New("enough")

// command is one run of a tool.
type command struct {
	tool   string   // "ffmpeg" or "ffprobe"
	args   []string // the input is written inputArg, the output outputArg(name)
	input  string   // absolute path of the one file that is read; "" for none
	output string   // absolute path of the one folder that is written; "" for none
	wall   time.Duration
	// maxStdout is how many bytes the tool may write to its output.
	maxStdout int64
	// maxFile and maxFolder are how many bytes it may write to one file and, in
	// all, to the output folder; 0 stands for 64 MiB and 256 MiB.
	maxFile, maxFolder int64
	// cpu bounds the time of processors; 0 stands for wall times the threads.
	cpu time.Duration
	// memory bounds what it may write to, in bytes; 0 stands for 3 GiB.
	memory int64
	// stdout reads the tool's output; its error ends the run. nil: discard.
	stdout func(io.Reader) error
	// stderr sees each line and tells whether to keep it out of the tail.
	stderr func(line []byte) (mine bool)
	// stderrEnd is called after the last line.
	stderrEnd func()
	// quiet means that silence is no sign of a stall.
	quiet bool
}

// run starts the tool and waits until it, its group and the readers of its
// pipes have ended. The error is ctx's cause when ctx ended it, stdout's own
// when that one did, else a models.Error.
func (t *Tools) run(parent context.Context, c command) error {
	ctx, cancel := context.WithCancelCause(parent)
	defer cancel(nil)
	cmd, err := t.command(ctx, c)
	if err != nil {
		return err
	}
	outR, outW, err := os.Pipe()
	if err != nil {
		return errMemory.Because(err).Again(0)
	}
	errR, errW, err := os.Pipe()
	if err != nil {
		outR.Close()
		outW.Close()
		return errMemory.Because(err).Again(0)
	}
	defer outR.Close()
	defer errR.Close()
	cmd.Stdout, cmd.Stderr = outW, errW

	exited, err := start(cmd)
	outW.Close()
	errW.Close()
	if err != nil {
		if t.native != nil && t.cage.Walls == wallsNone {
			return errMissing.Because(err)
		}
		return errSandbox.Because(err)
	}
	if t.native != nil && t.cage.Walls == wallsNone {
		c.limits(true).impose(cmd.Process.Pid)
	}
	if t.started != nil {
		t.started(cmd.Process.Pid)
	}

	watch := newWatch()
	watch.starved = starvation(cmd.Process.Pid)
	var readers sync.WaitGroup
	tail := tail{max: stderrTail}
	readers.Go(func() {
		eachLine(watch.stderr(errR), stderrLine, func(line []byte) bool {
			if c.stderr == nil || !c.stderr(line) {
				tail.add(line)
			}
			return true
		})
		if c.stderrEnd != nil {
			c.stderrEnd()
		}
	})
	readers.Go(func() {
		out := &capped{r: watch.stdout(outR), left: c.maxStdout}
		err := error(nil)
		if c.stdout != nil {
			err = c.stdout(out)
		}
		if err == nil {
			watch.idle()
			_, err = io.Copy(io.Discard, out)
		}
		if err != nil {
			cancel(err)
		}
	})
	stall := t.stall
	if c.quiet {
		stall = 0
	}
	readers.Go(func() { watch.guard(ctx, stall, c.wall, cancel) })
	if c.output != "" && !c.quiet {
		readers.Go(func() { watch.folder(ctx, c.output, cmp.Or(c.maxFolder, folderLimit), cancel) })
	}

	state := <-exited
	// A grandchild that lives on may hold the pipes open: from now on each read
	// has waitDelay.
	watch.done()
	watch.hurry(outR)
	watch.hurry(errR)
	readers.Wait()
	if watch.late.Load() {
		_ = killGroup(cmd.Process)
	}
	return outcome(parent, ctx, c, state, tail.bytes())
}

// outcome orders the reasons for which a run may have ended: who asked first.
func outcome(parent, ctx context.Context, c command, state *os.ProcessState, stderr []byte) error {
	f := &failure{tool: c.tool, exit: state.ExitCode(), signal: signalOf(state), stderr: stderr}
	if cpu := c.limits(true).CPU; cpu > 0 { // the kernel kills a little before or after it
		f.overtime = state.UserTime()+state.SystemTime() > time.Duration(cpu)*time.Second-time.Second/4
	}
	if parent.Err() != nil {
		return context.Cause(parent)
	}
	if ctx.Err() != nil {
		switch cause := context.Cause(ctx); {
		case errors.Is(cause, errEnough):
			return nil
		case cause == error(errStalled), cause == error(errTime), cause == error(errOutput):
			return asError(cause).Because(f)
		default:
			return cause
		}
	}
	if !state.Success() {
		return classify(f)
	}
	return nil
}

// start starts cmd and gives its state once it has ended. Linux sends the
// parent-death signal when the *thread* that forked ends, so one thread is
// locked to a goroutine that lives exactly as long as the child.
func start(cmd *exec.Cmd) (<-chan *os.ProcessState, error) {
	started := make(chan error, 1)
	exited := make(chan *os.ProcessState, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait()
			exited <- cmd.ProcessState
		}
	}()
	return exited, <-started
}

// capped ends reading with errOutput after so many bytes.
type capped struct {
	r    io.Reader
	left int64
}

func (c *capped) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	if c.left -= int64(n); c.left < 0 {
		return 0, errOutput
	}
	return n, err
}
