//go:build noffmpeg

package ffmpeg

import "errors"

const embeddedBuilt = false

// Child makes this process the launcher of the native ffmpeg when it was
// started as such, and then never returns. It must be the first call of main.
func Child() {
	becomeChild(func([]string) (int, error) { return 0, errors.New("built with the tag noffmpeg") })
}
