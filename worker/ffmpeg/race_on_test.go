//go:build race

package ffmpeg

const underRace = true
