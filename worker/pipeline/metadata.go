package pipeline

import (
	"context"
	"fmt"
	"time"

	"reelroom/models"
	"reelroom/worker/ffmpeg"
)

const (
	// maxDuration bounds the videos that are processed.
	maxDuration = 12 * time.Hour
	// probeShare is how much of the stage's bar stands for reading the header;
	// the rest is the scan of the packets, by bytes.
	probeShare = 0.1
)

// metadata asks ffprobe about the file and then scans all packets: what the
// header says is checked against what is there.
func (p *Pipeline) metadata(ctx context.Context, j *job) (func(*models.Video), error) {
	report, err := p.Tools.Probe(ctx, j.source)
	if err != nil {
		return nil, err
	}
	j.report(models.Report{Fraction: probeShare, Message: "Reading metadata"})
	scan, err := p.Tools.ScanPackets(ctx, j.source, func(packet ffmpeg.Packet) error {
		if packet.Pos > 0 && report.Size > 0 {
			done := float64(packet.Pos) / float64(report.Size)
			j.report(models.Report{Fraction: probeShare + (1-probeShare)*done, Message: "Scanning the whole file"})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	duration, source := durationOf(report, scan)
	if duration > maxDuration {
		return nil, models.Errorf(models.CodeDuration, "The video is longer than %d hours.", int(maxDuration.Hours()))
	}
	var warnings []models.Warning
	if scan.Short(report) {
		warnings = append(warnings, models.Warning{Code: "truncated", Message: fmt.Sprintf(
			"The file says that it lasts %s, but its pictures end after %s; it may have been cut off.",
			claimOf(report).Round(time.Second), scan.Duration().Round(100*time.Millisecond))})
	}
	m := metadataOf(report, scan, duration, source)
	made := p.plan(ctx, j, m)
	return func(v *models.Video) { v.Metadata, v.Warnings, v.Rendition = m, warnings, made }, nil
}

// durationOf chooses what to believe: the container, unless the packets show
// that it says too much, or it says nothing.
func durationOf(r ffmpeg.Report, s ffmpeg.Scan) (time.Duration, string) {
	switch {
	case s.Short(r):
		return s.Duration(), "packets"
	case r.Duration > 0:
		return r.Duration, "container"
	case r.Video.Duration > 0:
		return r.Video.Duration, "stream"
	}
	return s.Duration(), "packets"
}

func claimOf(r ffmpeg.Report) time.Duration { return max(r.Duration, r.Video.Duration) }

func metadataOf(r ffmpeg.Report, s ffmpeg.Scan, duration time.Duration, source string) *models.Metadata {
	v := r.Video
	m := &models.Metadata{
		Container:       models.Container{Format: r.Format, LongName: r.FormatName},
		DurationSeconds: duration.Seconds(), DurationSource: source,
		SizeBytes: r.Size, BitRate: r.BitRate,
		Video: models.VideoStream{
			Codec: v.Codec, Profile: v.Profile,
			CodedWidth: v.CodedWidth, CodedHeight: v.CodedHeight, Width: v.Width, Height: v.Height, Rotation: v.Rotation,
			FrameRate: v.FrameRate, NominalFrameRate: v.NominalFrameRate,
			Frames: s.Packets, Keyframes: s.Keyframes, KeyframeGapSeconds: s.KeyframeGap.Seconds(),
			BitRate: v.BitRate, PixelFormat: v.PixelFormat,
			ColorSpace: v.ColorSpace, ColorTransfer: v.ColorTransfer, ColorPrimaries: v.ColorPrimaries, ColorRange: v.ColorRange,
		},
		Audio:    make([]models.AudioTrack, 0, len(r.Audio)),
		Chapters: make([]models.Chapter, 0, len(r.Chapters)),
	}
	if m.BitRate == 0 && duration > 0 {
		m.BitRate = int64(float64(m.SizeBytes) * 8 / duration.Seconds())
	}
	if m.Video.BitRate == 0 && s.Duration() > 0 {
		m.Video.BitRate = int64(float64(s.Bytes) * 8 / s.Duration().Seconds())
	}
	for _, a := range r.Audio {
		m.Audio = append(m.Audio, models.AudioTrack{
			Codec: a.Codec, Profile: a.Profile, Channels: a.Channels, Layout: a.Layout,
			SampleRate: a.SampleRate, BitRate: a.BitRate, Language: a.Language,
		})
	}
	for _, c := range r.Chapters[:min(len(r.Chapters), maxChapters)] {
		m.Chapters = append(m.Chapters, models.Chapter{StartMs: c.Start.Milliseconds(), EndMs: c.End.Milliseconds(), Title: c.Title})
	}
	return m
}

// maxChapters bounds what a file can put into a record.
const maxChapters = 500
