//go:build !unix

package ffmpeg

// lockFile does nothing here: two processes that start together compile twice.
func lockFile(string) (unlock func(), err error) { return func() {}, nil }
