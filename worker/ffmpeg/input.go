package ffmpeg

import (
	"path/filepath"
	"strconv"
)

// MaxPixels is the largest picture that is decoded: 8192 × 4320.
const MaxPixels = 35389440

// inputArgs are the flags with which every input of a stranger is opened, by
// both tools, up to and including -i. The file has passed [source].
func (t *Tools) inputArgs(path string) []string {
	demuxer, err := demuxerOf(path)
	if err != nil {
		demuxer = "none" // that there is not: the run fails and says so
	}
	return []string{
		// A playlist, manifest or reference inside the file may name http, tcp
		// or a device: only plain files and our own pipes are opened.
		"-protocol_whitelist", "file,pipe",
		// A DASH or HLS manifest called x.mp4 makes ffmpeg read other files of
		// the disk, which the line above allows. Only containers that hold
		// their own data are opened, here and by a demuxer that opens another.
		"-format_whitelist", demuxers,
		// ffmpeg would guess by name and content. The first bytes have said it.
		"-f", demuxer,
		// A small file may claim 16k × 16k and take a gigabyte.
		"-max_pixels", strconv.Itoa(MaxPixels),
		"-i", t.inputArg(path),
	}
}

// source checks the input, before a tool sees it, and returns its absolute path.
func source(path string) (abs string, size int64, err error) {
	if abs, err = filepath.Abs(path); err != nil {
		return "", 0, errSource.Because(err)
	}
	if size, err = checkInput(abs); err == nil {
		_, err = demuxerOf(abs)
	}
	return abs, size, err
}
