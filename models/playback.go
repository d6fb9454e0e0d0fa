package models

import (
	"slices"
	"strconv"
)

// PlaybackKind is where the file comes from that a browser plays.
type PlaybackKind string

// The kinds. A remux holds the source's own pictures in another container; a
// rendition was encoded anew.
const (
	PlaybackSource    PlaybackKind = "source"
	PlaybackRemux     PlaybackKind = "remux"
	PlaybackRendition PlaybackKind = "rendition"
)

// Playback is the one thing that a <video> element takes.
type Playback struct {
	// URL is signed, expiring and absolute.
	URL       string       `json:"url"`
	MediaType string       `json:"mediaType"`
	Kind      PlaybackKind `json:"kind"`
}

// Rendition is a version of the video that was made, or is to be made, for
// browsers. The source stays what it is.
type Rendition struct {
	// Kind is [PlaybackRemux] or [PlaybackRendition].
	Kind PlaybackKind `json:"kind"`
	// MediaType is video/mp4 or video/webm.
	MediaType string `json:"mediaType"`
	// Key is the blob's name; "" until it is made.
	Key   string `json:"key"`
	Bytes int64  `json:"bytes"`
	// CopyAudio tells that the sound needs no encoding either.
	CopyAudio bool `json:"copyAudio"`
}

// Renditions is what an installation makes for browsers.
type Renditions string

// The choices: nothing; what needs no new encoding of the pictures; all.
const (
	RenditionsOff   Renditions = "off"
	RenditionsRemux Renditions = "remux"
	RenditionsMP4   Renditions = "mp4"
)

// Valid reports whether r is one of the choices.
func (r Renditions) Valid() bool {
	return slices.Contains([]Renditions{RenditionsOff, RenditionsRemux, RenditionsMP4}, r)
}

// playable is what every browser of the day plays, by media type: codecs of the
// pictures and of the sound, in ffprobe's words.
var playable = map[string]struct{ video, audio []string }{
	"video/mp4":  {[]string{"h264", "av1", "vp9"}, []string{"aac", "mp3", "opus", "flac"}},
	"video/webm": {[]string{"vp8", "vp9", "av1"}, []string{"opus", "vorbis"}},
}

// fits reports which of the streams a browser plays in a container.
func fits(m *Metadata, mediaType string) (video, audio bool) {
	codecs := playable[mediaType]
	// Browsers decode 8 bits a colour, of which two are halved, in H.264.
	depth := m.Video.Codec != "h264" || slices.Contains([]string{"yuv420p", "yuvj420p"}, m.Video.PixelFormat)
	return depth && slices.Contains(codecs.video, m.Video.Codec),
		len(m.Audio) == 0 || slices.Contains(codecs.audio, m.Audio[0].Codec)
}

// SourcePlays reports whether a browser plays the uploaded file as it is; false
// as long as nothing is known of it.
func (v *Video) SourcePlays() bool {
	if v.Metadata == nil {
		return false
	}
	video, audio := fits(v.Metadata, v.File.MediaType)
	return video && audio
}

// PlanRendition says what is to be made of a file for browsers; nil for
// nothing. ready tells that a player need not look for the file's index at its
// end; encodes, that pictures can be encoded here.
func PlanRendition(v *Video, m *Metadata, choice Renditions, ready, encodes bool) *Rendition {
	if choice != RenditionsRemux && choice != RenditionsMP4 {
		return nil
	}
	if video, audio := fits(m, v.File.MediaType); video && audio && ready {
		return nil
	}
	for _, mediaType := range []string{"video/mp4", "video/webm"} {
		if video, audio := fits(m, mediaType); video && (audio || mediaType == "video/mp4") {
			return &Rendition{Kind: PlaybackRemux, MediaType: mediaType, CopyAudio: audio}
		}
	}
	if choice != RenditionsMP4 || !encodes {
		return nil
	}
	_, audio := fits(m, "video/mp4")
	return &Rendition{Kind: PlaybackRendition, MediaType: "video/mp4", CopyAudio: audio}
}

// RenditionKey is the blob that holds the version made by the present attempt.
func (v *Video) RenditionKey() string {
	return v.Folder() + "/rendition-" + strconv.Itoa(v.Attempt)
}

// playback is what a browser takes; nil when there is nothing that it plays.
func (v *Video) playback(links Links) *Playback {
	switch {
	case v.Rendition != nil && v.Rendition.Key != "":
		return &Playback{links.Playback(v.OrganizationID, v.ID), v.Rendition.MediaType, v.Rendition.Kind}
	case v.SourcePlays():
		return &Playback{links.Media(v.OrganizationID, v.ID), v.File.MediaType, PlaybackSource}
	}
	return nil
}

// nextStage is the one that follows for this video: the last is only for those
// of which something is to be made.
func (v *Video) nextStage() Stage {
	if v.Stage == StageSensitivity && v.Rendition != nil && v.Rendition.Key == "" {
		return StageRendition
	}
	return v.Stage.Next()
}

// overall maps a fraction of the present stage to the overall percentage; see
// [Stage.Overall]. Where a stage follows that others do not have, the one
// before it gives up the end of its band.
func (v *Video) overall(fraction float64) int {
	percent := v.Stage.Overall(fraction)
	if v.Stage != StageSensitivity || v.nextStage() == "" {
		return percent
	}
	start, end := StageSensitivity.Start(), StageRendition.Start()
	fraction = min(max(fraction, 0), 1)
	return min(start+int(fraction*float64(end-start)), end-1)
}

// giveUp ends the attempt with a failure. All that matters is known of a video
// whose rendition fails: it is complete, with a warning.
func (v *Video) giveUp(f Failure) Status {
	if v.Stage != StageRendition {
		v.Failure = &f
		return StatusFailed
	}
	v.Stage, v.Rendition = "", nil
	v.Warnings = append(slices.Clone(v.Warnings), Warning{
		Code: "rendition_failed", Message: "A version for browsers could not be made. " + f.Message,
	})
	return StatusCompleted
}
