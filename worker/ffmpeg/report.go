package ffmpeg

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
)

// Report is what ffprobe says about a file. Zero values mean "not said".
type Report struct {
	Format     string // the demuxer's names, such as "matroska,webm"
	FormatName string // for people
	Duration   time.Duration
	Start      time.Duration // time stamp at which the file begins
	Size       int64         // bytes
	BitRate    int64         // bits per second, over all streams
	Title      string
	Video      *VideoStream // the first that is not cover art; nil: none
	Audio      []AudioStream
	Chapters   []Chapter
	CoverArt   bool
}

// VideoStream describes the video.
type VideoStream struct {
	Codec, Profile string
	// CodedWidth and CodedHeight are the stream's own; Width and Height what a
	// player shows, after sample aspect ratio and rotation.
	CodedWidth, CodedHeight int
	Width, Height           int
	Rotation                int // clockwise degrees for display: 0, 90, 180, 270
	// FrameRate is the average, NominalFrameRate the base (r_frame_rate).
	FrameRate, NominalFrameRate float64
	Duration                    time.Duration // the stream's own
	BitRate                     int64         // bits per second
	PixelFormat                 string
	ColorSpace, ColorTransfer   string
	ColorPrimaries, ColorRange  string
}

// AudioStream describes an audio stream.
type AudioStream struct {
	Codec, Profile string
	Channels       int
	Layout         string
	SampleRate     int   // hertz
	BitRate        int64 // bits per second
	Language       string
}

// Chapter is a named span.
type Chapter struct {
	Start, End time.Duration
	Title      string
}

// answer is ffprobe's JSON. Numbers come as strings as well as numbers.
type answer struct {
	Format struct {
		Name     string            `json:"format_name"`
		LongName string            `json:"format_long_name"`
		Start    string            `json:"start_time"`
		Duration string            `json:"duration"`
		Size     string            `json:"size"`
		BitRate  string            `json:"bit_rate"`
		Tags     map[string]string `json:"tags"`
	} `json:"format"`
	Streams  []stream `json:"streams"`
	Chapters []struct {
		Start string            `json:"start_time"`
		End   string            `json:"end_time"`
		Tags  map[string]string `json:"tags"`
	} `json:"chapters"`
}

type stream struct {
	Type        string            `json:"codec_type"`
	Codec       string            `json:"codec_name"`
	Profile     string            `json:"profile"`
	Width       int               `json:"width"`
	Height      int               `json:"height"`
	Aspect      string            `json:"sample_aspect_ratio"`
	PixFmt      string            `json:"pix_fmt"`
	Space       string            `json:"color_space"`
	Transfer    string            `json:"color_transfer"`
	Primaries   string            `json:"color_primaries"`
	Range       string            `json:"color_range"`
	Rate        string            `json:"avg_frame_rate"`
	Nominal     string            `json:"r_frame_rate"`
	Duration    string            `json:"duration"`
	BitRate     string            `json:"bit_rate"`
	Channels    int               `json:"channels"`
	Layout      string            `json:"channel_layout"`
	SampleRate  string            `json:"sample_rate"`
	Disposition map[string]int    `json:"disposition"`
	Tags        map[string]string `json:"tags"`
	SideData    []struct {
		Rotation float64 `json:"rotation"`
	} `json:"side_data_list"`
}

// parseReport reads the JSON of -show_format -show_streams -show_chapters.
func parseReport(data []byte) (Report, error) {
	var a answer
	if err := json.Unmarshal(data, &a); err != nil {
		return Report{}, err
	}
	r := Report{
		Format: a.Format.Name, FormatName: formatName(a.Format.Name, a.Format.LongName),
		Duration: max(0, seconds(a.Format.Duration)), Start: seconds(a.Format.Start),
		Size: whole(a.Format.Size), BitRate: whole(a.Format.BitRate),
		Title: tag(a.Format.Tags, "title"),
	}
	for _, s := range a.Streams {
		switch {
		case s.Type == "video" && s.Disposition["attached_pic"] == 1:
			r.CoverArt = true
		case s.Type == "video" && r.Video == nil:
			r.Video = s.video()
		case s.Type == "audio":
			r.Audio = append(r.Audio, AudioStream{
				Codec: s.Codec, Profile: profileName(s.Codec, s.Profile), Channels: s.Channels, Layout: s.Layout,
				SampleRate: int(whole(s.SampleRate)), BitRate: s.bitRate(),
				Language: tag(s.Tags, "language"),
			})
		}
	}
	for _, c := range a.Chapters {
		r.Chapters = append(r.Chapters, Chapter{seconds(c.Start), seconds(c.End), tag(c.Tags, "title")})
	}
	return r, nil
}

func (s stream) video() *VideoStream {
	v := &VideoStream{
		Codec: s.Codec, Profile: profileName(s.Codec, s.Profile), CodedWidth: s.Width, CodedHeight: s.Height,
		Width: s.Width, Height: s.Height, Rotation: s.rotation(),
		FrameRate: ratio(s.Rate, "/"), NominalFrameRate: ratio(s.Nominal, "/"),
		Duration: max(0, seconds(s.Duration)), BitRate: s.bitRate(), PixelFormat: s.PixFmt,
		ColorSpace: known(s.Space), ColorTransfer: known(s.Transfer),
		ColorPrimaries: known(s.Primaries), ColorRange: known(s.Range),
	}
	if v.Duration == 0 { // Matroska keeps it in a tag
		v.Duration = clock(tag(s.Tags, "DURATION"))
	}
	if aspect := ratio(s.Aspect, ":"); aspect > 1.0/64 && aspect < 64 {
		v.Width = int(math.Round(float64(v.Width) * aspect))
	}
	if v.Rotation == 90 || v.Rotation == 270 {
		v.Width, v.Height = v.Height, v.Width
	}
	return v
}

// rotation turns the display matrix (counterclockwise, -180 to 180), or the tag
// of older versions (clockwise), into clockwise quarter turns.
func (s stream) rotation() int {
	degrees, _ := strconv.ParseFloat(tag(s.Tags, "rotate"), 64)
	for _, d := range s.SideData {
		if d.Rotation != 0 {
			degrees = -d.Rotation
		}
	}
	if math.IsNaN(degrees) || math.Abs(degrees) > 3600 {
		return 0
	}
	quarter := int(math.Round(degrees/90)) % 4
	return (quarter + 4) % 4 * 90
}

func (s stream) bitRate() int64 {
	if n := whole(s.BitRate); n > 0 {
		return n
	}
	return whole(tag(s.Tags, "BPS")) // Matroska
}

// tag finds a tag whatever its case.
func tag(tags map[string]string, name string) string {
	if v, ok := tags[name]; ok {
		return v
	}
	for k, v := range tags {
		if strings.EqualFold(k, name) {
			return v
		}
	}
	return ""
}

func known(s string) string {
	if s == "unknown" || s == "unspecified" {
		return ""
	}
	return s
}

func whole(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64)
	return max(0, n)
}

// ratio reads "30000/1001" or "4:3"; 0 where it makes no sense.
func ratio(s, sign string) float64 {
	a, b, ok := strings.Cut(s, sign)
	over, err1 := strconv.ParseFloat(a, 64)
	under, err2 := strconv.ParseFloat(b, 64)
	if q := over / under; ok && err1 == nil && err2 == nil && under > 0 && q > 0 && q < 1e6 {
		return q
	}
	return 0
}

// seconds reads a decimal number of seconds; 0 for "N/A" and nonsense.
func seconds(s string) time.Duration {
	d, _ := parseSeconds(s)
	return d
}

// parseSeconds tells whether s is a time that a Duration can hold (292 years).
func parseSeconds(s string) (time.Duration, bool) {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || math.Abs(f) > math.MaxInt64/1e9-1 {
		return 0, false
	}
	return time.Duration(math.Round(f * 1e9)), true
}

// clock reads "01:02:03.5"; 0 for anything else.
func clock(s string) time.Duration {
	parts := strings.Split(s, ":")
	if len(parts) != 3 {
		return 0
	}
	hours, minutes := whole(parts[0]), whole(parts[1])
	if hours > 1e5 || minutes > 59 {
		return 0
	}
	return time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute + max(0, min(seconds(parts[2]), time.Minute))
}
