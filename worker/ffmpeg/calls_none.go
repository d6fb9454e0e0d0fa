//go:build !linux || (!amd64 && !arm64)

package ffmpeg

import "errors"

const filterAllThreads = 0

func filterCalls(uintptr) error { return errors.New("no filter for this architecture") }
