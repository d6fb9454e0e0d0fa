package estimate

import (
	"math"
	"strconv"
	"strings"

	"reelroom/models"
)

// Load is what a stage does with the frames.
type Load struct {
	// Decoded is how many frames are decoded; Whole tells that these are not
	// keyframes only.
	Decoded int64
	Whole   bool
	// Classified is how many frames are looked at.
	Classified int64
	// Encoded is how many frames are encoded.
	Encoded int64
}

// Features are what is known of a video when something is to be said about it.
type Features struct {
	// Embedded tells that the tools are not the machine's own.
	Embedded  bool
	MediaType string
	Bytes     int64
	// Known tells that the metadata is there, and with it the fields below.
	Known bool
	Codec string
	// Pixels of one frame, as coded.
	Pixels int64
	// Loads are by stage. One for the rendition tells that there is that stage.
	Loads map[models.Stage]Load
}

// Blind returns what was known before the metadata.
func (f Features) Blind() Features {
	return Features{Embedded: f.Embedded, MediaType: f.MediaType, Bytes: f.Bytes}
}

// The rule of thumb, in seconds: of a machine of 2026 with nothing else to do.
const (
	startNative   = 0.10      // of a tool
	startEmbedded = 0.60      //
	perByte       = 1.0 / 4e8 // reading packets
	perMegapixel  = 0.0025    // decoding on one processor
	perFrame      = 0.03      // classifying
	slowEmbedded  = 6         // times, for decoding
	perEncoded    = 0.016     // encoding a megapixel
	// bytesASecond is what a video of unknown duration is taken to have.
	bytesASecond = 500_000
	mostSamples  = 900
)

// starts is what the tools of a stage take before they work, by the rule.
func starts(stage models.Stage, f Features) float64 {
	start := startNative
	if f.Embedded {
		start = startEmbedded
	}
	if stage == models.StageMetadata {
		return 2 * start
	}
	return start
}

// rule is the rule of thumb for one stage.
func rule(stage models.Stage, f Features) float64 {
	start, slow := starts(stage, f), 1.0
	if f.Embedded {
		slow = slowEmbedded
	}
	amount := func(n int64) float64 { return float64(max(n, 0)) }
	bytes := amount(f.Bytes)
	if stage == models.StageMetadata { // two tools, no decoding
		return start + bytes*perByte*slow
	}
	load := Load{Decoded: int64(bytes / bytesASecond), Classified: int64(min(bytes/bytesASecond, mostSamples))}
	pixels := 1.0 // million
	if f.Known {
		load, pixels = f.Loads[stage], amount(f.Pixels)/1e6
	} else if stage != models.StageSensitivity {
		load.Classified = 0
	}
	return start + bytes*perByte*slow + amount(load.Decoded)*pixels*perMegapixel*slow + amount(load.Classified)*perFrame +
		amount(load.Encoded)*pixels*perEncoded*slow
}

// classes names what the work of a stage has in common with other work, from
// the broadest to the narrowest. Their number is bounded: 2 engines, the
// stages, at most 16 codecs with sampling or 8 media types, 7 sizes; each of
// them five times, for the parts of a stage. Beyond [models.MaxLessons] none is
// added.
func classes(stage models.Stage, f Features) []string {
	root := string(stage) + ".native"
	if f.Embedded {
		root = string(stage) + ".embedded"
	}
	kind := "blind." + mediaClass(f.MediaType)
	switch {
	case stage == models.StageMetadata:
		kind = mediaClass(f.MediaType) // it knows no more
	case f.Known && f.Loads[stage].Whole:
		root, kind = root+".known", codecClass(f.Codec)+".whole"
	case f.Known:
		root, kind = root+".known", codecClass(f.Codec)+".keyframes"
	default:
		root += ".blind"
	}
	// Sizes are in powers of four: below 0.25 s, 1 s, … 256 s, and above.
	size := min(max(int(math.Ceil(math.Log2(rule(stage, f))/2)), -1), 5)
	return []string{root, root + "." + kind, root + "." + kind + "." + strconv.Itoa(size)}
}

// insideClasses are those of what is left when a part of a stage's work begins.
func insideClasses(stage models.Stage, f Features, part int) []string {
	all := classes(stage, f)
	for i := range all {
		all[i] += ".p" + strconv.Itoa(part)
	}
	return all
}

func codecClass(codec string) string {
	switch codec {
	case "h264", "hevc", "av1", "vp8", "vp9":
		return codec
	case "mjpeg", "prores", "dnxhd", "dvvideo", "ffv1", "rawvideo":
		return "intra"
	case "mpeg1video", "mpeg2video", "mpeg4", "msmpeg4v3", "h263", "flv1", "wmv1", "wmv2", "wmv3", "vc1", "theora":
		return "old"
	}
	return "other"
}

func mediaClass(mediaType string) string {
	for _, known := range []string{"mp4", "quicktime", "webm", "matroska", "msvideo", "mp2t", "mpeg"} {
		if strings.Contains(mediaType, known) {
			return known
		}
	}
	return "other"
}
