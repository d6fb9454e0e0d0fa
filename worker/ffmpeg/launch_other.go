//go:build !linux

package ffmpeg

import "errors"

func launch([]string) error { return errors.New("there is no launcher on this system") }

func (limits) set() error { return nil }
