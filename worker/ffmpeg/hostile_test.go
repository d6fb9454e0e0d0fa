package ffmpeg

import (
	"context"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"reelroom/models"
)

// everything runs all that a job runs and returns the first error.
func everything(t *testing.T, tools *Tools, path string) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := tools.Probe(ctx, path); err != nil {
		return err
	}
	if _, err := tools.ScanPackets(ctx, path, nil); err != nil {
		return err
	}
	if _, err := tools.Image(ctx, path, ImageOptions{}, filepath.Join(t.TempDir(), "x.webp")); err != nil {
		return err
	}
	return tools.Frames(ctx, path, FrameOptions{Keyframes: true, Width: 32, Height: 32}, func(Frame) error { return nil })
}

func TestHostileInput(t *testing.T) {
	t.Parallel()
	good := read(t, media(t, "h264.mp4"))
	late := read(t, media(t, "late.mp4"))
	secret := file(t, "secret.mp4", good)
	hls := "#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\nfile:" + secret + "\n#EXT-X-ENDLIST\n"
	dash := `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT3S" profiles="urn:mpeg:dash:profile:isoff-on-demand:2011">` +
		`<Period><AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1" width="320" height="180" codecs="avc1.42c00d"><BaseURL>file:` + secret + `</BaseURL></Representation></AdaptationSet></Period></MPD>`
	concat := "ffconcat version 1.0\nfile 'secret.mp4'\n"

	tests := map[string]struct {
		path  string
		codes []models.Code
	}{
		"playlist":    {file(t, "x.mp4", []byte(hls)), []models.Code{models.CodeUnsupportedMedia, models.CodeCorrupt}},
		"manifest":    {file(t, "x.mp4", []byte(dash)), []models.Code{models.CodeUnsupportedMedia, models.CodeCorrupt}},
		"concat list": {file(t, "x.mp4", []byte(concat)), []models.Code{models.CodeUnsupportedMedia, models.CodeCorrupt}},
		"zero bytes":  {file(t, "x.mp4", nil), []models.Code{models.CodeEmptyFile}},
		"text":        {file(t, "x.mp4", []byte(strings.Repeat("nothing to see\n", 500))), []models.Code{models.CodeUnsupportedMedia, models.CodeCorrupt}},
		"picture":     {file(t, "x.mp4", read(t, media(t, "picture.png"))), []models.Code{models.CodeUnsupportedMedia}},
		"no moov":     {file(t, "x.mp4", late[:len(late)/2]), []models.Code{models.CodeCorrupt}},
		"audio only":  {media(t, "audio.m4a"), []models.Code{models.CodeNoVideo}},
		"16k by 16k":  {huge(t), []models.Code{models.CodeDimensions, models.CodeCorrupt}},
		"folder":      {t.TempDir(), []models.Code{models.CodeSourceLost}},
		"absent":      {filepath.Join(t.TempDir(), "x.mp4"), []models.Code{models.CodeSourceLost}},
		"25 hours":    {media(t, "hours.mkv"), nil},
		"truncated":   {file(t, "x.mp4", good[:len(good)*2/3]), nil},
		"name quoted": {file(t, `a "b" 'c' $(d) %d.mp4`, good), nil},
		"name a flag": {file(t, "-y.mp4", good), nil},
		"name bare":   {file(t, "blob", good), nil},
	}
	if runtime.GOOS != "windows" {
		tests["name a protocol"] = struct {
			path  string
			codes []models.Code
		}{file(t, "http:evil.mp4", good), nil}
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			both(t, func(t *testing.T, tools *Tools) {
				var err error
				if strings.HasPrefix(name, "name ") { // the rest is as for any other
					_, err = tools.Probe(t.Context(), test.path)
				} else {
					err = everything(t, tools, test.path)
				}
				if test.codes == nil && err != nil {
					t.Error(err)
				}
				if test.codes == nil || err == nil {
					if test.codes != nil {
						t.Errorf("accepted, want one of %q", test.codes)
					}
					return
				}
				wantCode(t, err, test.codes...)
				if e := asError(err); e == nil || strings.Contains(e.Message, filepath.Dir(test.path)) || strings.Contains(e.Message, "-i ") {
					t.Errorf("words for people: %v", e)
				}
			})
		})
	}
}

// The embedded tool sees one file only, whatever the whitelists say.
func TestEmbeddedSeesOneFile(t *testing.T) {
	t.Parallel()
	tools := openEmbedded(t)
	in := media(t, "h264.mp4")
	for _, other := range []string{media(t, "late.mp4"), "/in/late.mp4", "/etc/passwd"} {
		err := tools.run(t.Context(), command{
			tool: "ffprobe", input: in, wall: time.Minute, maxStdout: 1 << 20,
			args: []string{"-v", "error", "-show_format", "file:" + other},
		})
		wantCode(t, err, models.CodeSourceLost, models.CodeCorrupt)
	}
}

// A file that was cut off is read to its end, and known as such.
func TestTruncatedIsNoticed(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"h264.mp4", "vp9.webm"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := read(t, media(t, name))
			cut := file(t, name, data[:len(data)/2])
			both(t, func(t *testing.T, tools *Tools) {
				r, err := tools.Probe(t.Context(), cut)
				if err != nil {
					t.Fatal(err)
				}
				scan, err := tools.ScanPackets(t.Context(), cut, nil)
				if err != nil || !scan.Short(r) {
					t.Errorf("report %v, scan %v, %v", r.Video.Duration, scan.Duration(), err)
				}
			})
		})
	}
}
