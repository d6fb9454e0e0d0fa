package ffmpeg

import (
	"testing"
	"time"
)

// Silence is counted while this process runs: a pause of the process or of its
// machine is neither silence of the tool nor time that it used.
func TestPauseOfTheWorkerIsNoSilence(t *testing.T) {
	t.Parallel()
	const second = time.Second
	for name, test := range map[string]struct {
		looks       []time.Duration // when it is looked at
		last        time.Duration   // when the tool was heard of, if that was before
		waiting     bool
		starved     time.Duration // between two looks
		silent, all time.Duration
	}{
		"silent for 4 s":              {[]time.Duration{second, 2 * second, 3 * second, 4 * second}, 0, true, 0, 4 * second, 4 * second},
		"heard of 500 ms ago":         {[]time.Duration{second, 2 * second, 3 * second}, 2500 * time.Millisecond, true, 0, 500 * time.Millisecond, 3 * second},
		"nobody waits for it":         {[]time.Duration{second, 2 * second, 3 * second}, 0, false, 0, 0, 3 * second},
		"suspended for 90 s":          {[]time.Duration{second, 91 * second, 92 * second}, 0, true, 0, 4 * second, 4 * second},
		"heard of, then suspended":    {[]time.Duration{second, 91 * second}, second / 2, true, 0, 2*second + second/2, 3 * second},
		"suspended twice, no silence": {[]time.Duration{second, 60 * second, 120 * second}, 120 * second, true, 0, 0, 5 * second},
		"no processor at all":         {[]time.Duration{second, 2 * second, 3 * second}, 0, true, 9 * second, 0, 3 * second},
		"a twentieth of a processor":  {[]time.Duration{second, 2 * second, 3 * second, 4 * second}, 0, true, 950 * time.Millisecond, 200 * time.Millisecond, 4 * second},
	} {
		s := spans{most: 2 * second}
		for _, now := range test.looks {
			last := test.last
			if now < last {
				last = 0
			}
			s.look(now, last, test.waiting, test.starved)
		}
		if s.silent != test.silent || s.all != test.all {
			t.Errorf("%s: silent for %v of %v, want %v of %v", name, s.silent, s.all, test.silent, test.all)
		}
	}
}
