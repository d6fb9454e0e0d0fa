//go:build !linux

package ffmpeg

// impose does nothing: only Linux can set another process's limits.
func (limits) impose(int) {}
