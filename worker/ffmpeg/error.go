package ffmpeg

import (
	"bytes"
	"fmt"
	"os"

	"reelroom/models"
)

// failure is how a run of a tool ended, for the log.
type failure struct {
	tool   string
	exit   int    // exit code; -1 when it was ended by a signal
	signal string // that signal's name
	stderr []byte // the last few KiB of what it said
	// overtime: it used all the time of processors that it was allowed.
	overtime bool
}

// lastLine is the last thing that the tool said.
func (f *failure) lastLine() string {
	said := bytes.TrimSpace(f.stderr)
	return string(said[bytes.LastIndexByte(said, '\n')+1:])
}

func (f *failure) Error() string {
	end := fmt.Sprintf("exit code %d", f.exit)
	if f.signal != "" {
		end = f.signal
	}
	return fmt.Sprintf("%s: %s: %s", f.tool, end, bytes.TrimSpace(f.stderr))
}

// signs maps what ffmpeg says to what it means. The first sign found wins; the
// words are those of ffmpeg's libraries and stand in every version since 4.
var signs = []struct {
	words string
	err   *models.Error
}{
	{"No space left on device", errDisk},
	{"File too large", errOutput}, // EFBIG: RLIMIT_FSIZE
	{"annot allocate", errMemory},
	{"ut of memory", errMemory},
	{"std::bad_alloc", errMemory},
	{"max pixel count", errPixels}, // AVCodecContext.max_pixels
	{"Picture size", errPixels},    // av_image_check_size2
	{"Format not on whitelist", errFormat},
	{"not on whitelist", errFormat},
	{"matches no streams", errNoVideo},
	{"does not contain any stream", errNoVideo},
	{"Decoder not found", errCodec},
	{"Decoding requested, but no decoder found", errCodec},
	{"moov atom not found", errCorrupt},
	{"Invalid data found", errCorrupt},
	{"End of file", errCorrupt},
	{"No such file or directory", errSource},
	{"Permission denied", errSource},
}

var (
	errFormat   = models.Errorf(models.CodeUnsupportedMedia, "This file is not a video in a supported container.")
	errCodec    = models.Errorf(models.CodeUnsupportedMedia, "The video is in a codec that is not supported.")
	errCorrupt  = models.Errorf(models.CodeCorrupt, "The file is damaged or is not a video.")
	errNoVideo  = models.Errorf(models.CodeNoVideo, "The file has no video in it.")
	errPixels   = models.Errorf(models.CodeDimensions, "The picture is too large: at most %d megapixels.", MaxPixels/1_000_000)
	errDisk     = models.Errorf(models.CodeResource, "The worker's disk is full.").Again(0)
	errMemory   = models.Errorf(models.CodeResource, "Processing needed more memory than is allowed.")
	errTime     = models.Errorf(models.CodeTimeout, "Processing took longer than is allowed.")
	errOutput   = models.Errorf(models.CodeResource, "Processing produced more data than is allowed.")
	errStalled  = models.Errorf(models.CodeStalled, "Processing stopped making progress and was ended.")
	errKilled   = models.Errorf(models.CodeInternal, "The video tool was ended from outside.").Again(0)
	errSource   = models.Errorf(models.CodeSourceLost, "The video's file cannot be read.")
	errMissing  = models.Errorf(models.CodeToolMissing, "ffmpeg and ffprobe are missing on this machine, or do not run.")
	errCPU      = models.Errorf(models.CodeResource, "Processing needed more computing time than is allowed.")
	errSandbox  = models.Errorf(models.CodeInternal, "The video tool could not be started in its sandbox.").Again(0)
	errEmbedded = models.Errorf(models.CodeInternal, "The embedded ffmpeg could not be started.")
)

// classify tells what a run that ended badly means.
func classify(f *failure) error {
	if f.tool == childCompile {
		return errEmbedded.Because(f)
	}
	switch {
	case f.signal == "SIGXCPU", f.signal == "SIGKILL" && f.overtime:
		return errCPU.Because(f)
	case f.signal == "SIGXFSZ":
		return errOutput.Because(f)
	case f.exit == launchBroken:
		return errSandbox.Because(f)
	}
	for _, s := range signs {
		if bytes.Contains(f.stderr, []byte(s.words)) {
			return s.err.Because(f)
		}
	}
	switch {
	case f.signal == "SIGKILL" || f.signal == "SIGTERM":
		return errKilled.Because(f)
	case f.exit == childBroken:
		return errEmbedded.Because(f)
	}
	return errCorrupt.Because(f)
}

// checkInput refuses what is not a plain file, before a tool sees it.
func checkInput(path string) (size int64, err error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return 0, errSource.Because(err)
	case !info.Mode().IsRegular():
		return 0, errSource.Because(fmt.Errorf("not a regular file: %s", info.Mode()))
	case info.Size() == 0:
		return 0, models.Errorf(models.CodeEmptyFile, "The file is empty.")
	}
	return info.Size(), nil
}
