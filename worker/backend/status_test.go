package backend

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// A log has few lines of work that takes long, and one for each time that it
// tells; a terminal has one line that is rewritten, and none of it is left.
func TestStatusIsBrief(t *testing.T) {
	t.Parallel()
	for lasts, want := range map[int]string{
		0:   "ready (0 s)\n",
		9:   "preparing (1 s)\nready (9 s)\n",
		97:  "preparing (1 s)\npreparing (30 s)\npreparing (60 s)\nready (97 s)\n",
		600: "preparing (1 s)\npreparing (30 s)\npreparing (60 s)\npreparing (120 s)\npreparing (240 s)\npreparing (480 s)\nready (600 s)\n",
	} {
		var log strings.Builder
		tell(NewStatus(&log), lasts)
		if log.String() != want {
			t.Errorf("%d s in a log:\n%s", lasts, log.String())
		}
		var screen strings.Builder
		s := &Status{out: &screen, terminal: true}
		tell(s, lasts)
		if lines := strings.Count(screen.String(), "\n"); lines != 1 {
			t.Errorf("%d s on a terminal took %d lines", lasts, lines)
		}
	}
}

func tell(s *Status, lasts int) {
	for n := 1; n < lasts; n++ {
		s.Tell("preparing", time.Duration(n)*time.Second)
	}
	s.Done("ready", time.Duration(lasts)*time.Second)
}

// What is written between stands in lines of its own, and leaves no rest of the
// status beside it.
func TestStatusGivesWay(t *testing.T) {
	t.Parallel()
	var screen strings.Builder
	s := &Status{out: &screen, terminal: true}
	s.Tell("preparing", time.Second)
	fmt.Fprintln(s, "Reelroom")
	fmt.Fprintln(s, "address")
	s.Tell("preparing", 2*time.Second)
	s.Done("ready", 3*time.Second)
	want := "\r\x1b[Kpreparing (1 s)\r" + "\r\x1b[KReelroom\naddress\n" + "\r\x1b[Kpreparing (2 s)\r" + "\r\x1b[Kready (3 s)\n"
	if screen.String() != want {
		t.Errorf("%q", screen.String())
	}
}
