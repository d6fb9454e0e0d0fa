package models

import (
	"testing"
	"time"
)

func TestPlanRendition(t *testing.T) {
	t.Parallel()
	stream := func(video, format string, audio ...string) *Metadata {
		m := &Metadata{Video: VideoStream{Codec: video, PixelFormat: format}}
		for _, codec := range audio {
			m.Audio = append(m.Audio, AudioTrack{Codec: codec})
		}
		return m
	}
	for _, c := range []struct {
		mediaType string
		m         *Metadata
		choice    Renditions
		late      bool // the index is at the end
		no264     bool // nothing can be encoded
		want      *Rendition
	}{
		{mediaType: "video/mp4", m: stream("h264", "yuv420p", "aac"), choice: RenditionsMP4},
		{mediaType: "video/mp4", m: stream("h264", "yuv420p", "aac"), choice: RenditionsOff, late: true},
		{mediaType: "video/mp4", m: stream("h264", "yuv420p", "aac"), choice: "", late: true},
		{mediaType: "video/mp4", m: stream("h264", "yuv420p", "aac"), choice: RenditionsRemux, late: true, want: &Rendition{Kind: PlaybackRemux, MediaType: "video/mp4", CopyAudio: true}},
		{mediaType: "video/quicktime", m: stream("h264", "yuv420p", "pcm_s16le"), choice: RenditionsRemux, want: &Rendition{Kind: PlaybackRemux, MediaType: "video/mp4"}},
		{mediaType: "video/quicktime", m: stream("h264", "yuv422p10le"), choice: RenditionsRemux},
		{mediaType: "video/quicktime", m: stream("h264", "yuv422p10le"), choice: RenditionsMP4, want: &Rendition{Kind: PlaybackRendition, MediaType: "video/mp4", CopyAudio: true}},
		{mediaType: "video/quicktime", m: stream("prores", ""), choice: RenditionsMP4, no264: true},
		{mediaType: "video/webm", m: stream("vp9", "yuv420p", "opus"), choice: RenditionsMP4},
		{mediaType: "video/x-matroska", m: stream("vp8", "yuv420p", "vorbis"), choice: RenditionsRemux, want: &Rendition{Kind: PlaybackRemux, MediaType: "video/webm", CopyAudio: true}},
		{mediaType: "video/mp4", m: stream("hevc", "yuv420p", "aac"), choice: RenditionsMP4, want: &Rendition{Kind: PlaybackRendition, MediaType: "video/mp4", CopyAudio: true}},
	} {
		got := PlanRendition(&Video{File: File{MediaType: c.mediaType}}, c.m, c.choice, !c.late, !c.no264)
		if (got == nil) != (c.want == nil) || got != nil && *got != *c.want {
			t.Errorf("%s with %+v, %s: %+v, want %+v", c.mediaType, c.m.Video, c.choice, got, c.want)
		}
	}
}

// The last stage is for those of which something is made; the one before it
// ends earlier for them, and nothing falls back.
func TestRenditionStage(t *testing.T) {
	t.Parallel()
	now := time.Unix(1e9, 0)
	begin := func(r *Rendition) *Video {
		v := &Video{Status: StatusProcessing, Stage: StageSensitivity, Fence: 1, Rendition: r}
		return v
	}
	plain, more := begin(nil), begin(&Rendition{Kind: PlaybackRemux})
	if a, b := plain.overall(1), more.overall(1); a != 99 || b != 89 {
		t.Errorf("the end of the stage is %d and %d", a, b)
	}
	for v, want := range map[*Video]Status{plain: StatusCompleted, more: StatusProcessing} {
		if err := FinishStage(1, StageSensitivity, func(*Video) {})(v, now); err != nil || v.Status != want {
			t.Errorf("%s, %v", v.Status, err)
		}
	}
	if more.Stage != StageRendition || more.overall(0) != 90 || more.overall(1) != 99 {
		t.Errorf("%s at %d to %d", more.Stage, more.overall(0), more.overall(1))
	}
	for name, end := range map[string]Transition{
		"fail":   Fail(1, Failure{CodeCorrupt, StageRendition, "Words."}),
		"put":    PutOff(1, Failure{CodeUnavailable, StageRendition, "Words."}),
		"poison": ClaimAlone("w", 0),
		"finish": FinishStage(1, StageRendition, func(v *Video) { v.Rendition = &Rendition{Key: "k"} }),
	} {
		v := *more
		v.Delays, v.Lapses, v.Lease = MaxDelays, []string{"x", "y", "z"}, Lease{Worker: "dead", Until: now.Add(-time.Second)}
		if err := end(&v, now); err != nil || v.Status != StatusCompleted || v.Failure != nil || v.Stage != "" {
			t.Errorf("%s: %s in %q, %+v, %v", name, v.Status, v.Stage, v.Failure, err)
		}
		if want := name != "finish"; (len(v.Warnings) == 1) != want || (v.Rendition == nil) != want {
			t.Errorf("%s: %+v, %+v", name, v.Warnings, v.Rendition)
		}
	}
}
