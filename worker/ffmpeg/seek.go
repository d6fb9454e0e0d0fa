package ffmpeg

import (
	"fmt"
	"strconv"
	"time"
)

// seekBeyond is how far behind the wanted moment is sought: time stamps are
// rounded, and a seek to a hair before a keyframe goes to the one before it.
const seekBeyond = 2 * time.Millisecond

// seekArgs are the flags that begin at a moment; they stand before the input.
// Time stamps of frames are then counted from begin.
func seekArgs(at time.Duration) (args []string, begin time.Duration) {
	if at <= 0 {
		return nil, 0
	}
	begin = at + seekBeyond
	return []string{
		// The accurate way would drop the frame at the moment itself, for the
		// hair above; a filter drops what comes before.
		"-noaccurate_seek",
		"-ss", strconv.FormatFloat(begin.Seconds(), 'f', 6, 64),
	}, begin
}

// from is a filter that drops frames before the moment that was sought.
func from(at time.Duration) string {
	if at <= 0 {
		return ""
	}
	return fmt.Sprintf(`select=isnan(t)+gte(t\,-%.6f)`, (seekBeyond + time.Millisecond).Seconds())
}

// until is a filter that ends the pass after so long, at the frame before the
// one that stands just there.
func until(length time.Duration) string {
	if length <= 0 {
		return ""
	}
	return fmt.Sprintf("trim=end=%.6f", max(length-seekBeyond-time.Millisecond, time.Millisecond).Seconds())
}

// skipArgs leave frames undecoded that no other frame needs. They stand before
// the input.
func skipArgs(sparse bool) []string {
	if !sparse {
		return nil
	}
	return []string{"-skip_frame", "noref"}
}
