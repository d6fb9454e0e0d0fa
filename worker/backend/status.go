package backend

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"
)

// firstRepeat is when a log is told for the second time that work goes on; the
// time to the next line doubles.
const firstRepeat = 30 * time.Second

// Status is an output for people on which one line at a time says how far work
// in the background is. On a terminal that line is rewritten, and gone when other
// lines are written; elsewhere few lines tell of it. It may be used concurrently.
type Status struct {
	mu       sync.Mutex
	out      io.Writer
	terminal bool
	shown    bool          // the terminal shows a status
	next     time.Duration // when the log is told again
}

// NewStatus returns a Status on out.
func NewStatus(out io.Writer) *Status {
	f, ok := out.(*os.File)
	return &Status{out: out, terminal: ok && term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"}
}

// Write writes whole lines.
func (s *Status) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clear()
	return s.out.Write(p)
}

// Tell says what is being done, and for how long already.
func (s *Status) Tell(what string, elapsed time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	line := fmt.Sprintf("%s (%.0f s)", what, elapsed.Seconds())
	if s.terminal {
		// The cursor goes back, so that a log line stands over it, not behind it.
		_, _ = fmt.Fprintf(s.out, "\r\x1b[K%s\r", line)
		s.shown = true
		return
	}
	if s.next > 0 && elapsed < s.next {
		return
	}
	if s.next = firstRepeat; elapsed >= firstRepeat {
		for s.next <= elapsed {
			s.next *= 2
		}
	}
	_, _ = fmt.Fprintln(s.out, line)
}

// Done says that the work is over.
func (s *Status) Done(what string, elapsed time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clear()
	s.next = 0
	_, _ = fmt.Fprintf(s.out, "%s (%.0f s)\n", what, elapsed.Seconds())
}

func (s *Status) clear() {
	if s.shown {
		_, _ = io.WriteString(s.out, "\r\x1b[K")
		s.shown = false
	}
}
