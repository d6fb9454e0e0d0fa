//go:build !linux

package ffmpeg

// limit does nothing: only Linux can set another process's limits.
func limit(int, command) {}
