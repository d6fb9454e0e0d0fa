//go:build !linux

package ffmpeg

import "time"

// starvation is not known on this system.
func starvation(int) func() time.Duration { return func() time.Duration { return 0 } }
