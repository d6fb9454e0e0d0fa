//go:build noffmpeg

package ffmpeg

const embeddedBuilt = false

// Child does nothing in a build without the embedded ffmpeg.
func Child() { childCalled.Store(true) }
