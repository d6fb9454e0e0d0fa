package ffmpeg

import (
	"errors"
	"fmt"
	"strings"
)

// saidLines is how many of a tool's last lines are given out.
const saidLines = 20

// Said is how a run of a tool ended, for the log: the lines may name files of
// this machine, and what stands in a stranger's file.
type Said struct {
	Tool string
	// End is the exit code or the signal.
	End string
	// Lines are the last ones that it wrote to stderr, oldest first.
	Lines []string
}

// SaidOf finds in an error of this package what the tool said; ok is false for
// one that no tool caused.
func SaidOf(err error) (said Said, ok bool) {
	f, ok := errors.AsType[*failure](err)
	if !ok {
		return said, false
	}
	said = Said{Tool: f.tool, End: fmt.Sprintf("exit code %d", f.exit), Lines: []string{}}
	if f.signal != "" {
		said.End = f.signal
	}
	for line := range strings.Lines(string(f.stderr)) {
		if line = strings.TrimSpace(strings.ToValidUTF8(line, "\uFFFD")); line != "" {
			said.Lines = append(said.Lines, line)
		}
	}
	said.Lines = said.Lines[max(len(said.Lines)-saidLines, 0):]
	return said, true
}
