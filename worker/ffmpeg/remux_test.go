package ffmpeg

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"reelroom/models"
)

// What browsers do not play becomes what they do, with its index in front.
func TestRemux(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		o            RemuxOptions
		codec, audio string
	}{
		"late.mp4":   {RemuxOptions{CopyVideo: true, CopyAudio: true}, "h264", ""},
		"vp8.mkv":    {RemuxOptions{Format: "webm", CopyVideo: true, CopyAudio: true}, "vp8", ""},
		"prores.mov": {RemuxOptions{}, "h264", ""},
		"wmv2.wmv":   {RemuxOptions{}, "h264", ""},
		"mpeg4.avi":  {RemuxOptions{}, "h264", "aac"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			both(t, func(t *testing.T, tools *Tools) {
				if ok, err := tools.Encodes(t.Context()); err != nil || !ok && !c.o.CopyVideo {
					t.Skipf("this ffmpeg encodes no H.264: %v", err)
				}
				path, output := media(t, name), filepath.Join(t.TempDir(), "out")
				o := c.o
				o.Duration = 3 * time.Second
				if err := tools.Remux(t.Context(), path, o, output); err != nil {
					t.Fatal(err)
				}
				r, err := tools.Probe(t.Context(), output)
				if err != nil {
					t.Fatal(err)
				}
				audio, want := "", c.audio // of this case: its twin runs beside it
				if len(r.Audio) > 0 {
					audio = r.Audio[0].Codec
				}
				if want == "aac" && !tools.Native() {
					want = "flac"
				}
				length := max(r.Duration, r.Video.Duration)
				if r.Video.Codec != c.codec || audio != want || (length-3*time.Second).Abs() > time.Second {
					t.Errorf("made %s and %q of %v", r.Video.Codec, audio, length)
				}
				if c.codec == "h264" && (r.Video.PixelFormat != "yuv420p" || !strings.Contains(r.Format, "mp4")) {
					t.Errorf("made %s in %s", r.Video.PixelFormat, r.Format)
				}
				if front, err := FastStart(output); !front || err != nil {
					t.Errorf("its index is in front: %v, %v", front, err)
				}
			})
		})
	}
}

// What fails leaves no file.
func TestRemuxOfNothing(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, tools *Tools) {
		output := filepath.Join(t.TempDir(), "out")
		err := tools.Remux(t.Context(), media(t, "audio.m4a"), RemuxOptions{CopyVideo: true, CopyAudio: true}, output)
		if models.CodeOf(err) == models.CodeInternal {
			t.Errorf("got %v", err)
		}
		if _, err := os.Stat(output); !os.IsNotExist(err) {
			t.Errorf("left: %v", err)
		}
	})
}

func TestFastStart(t *testing.T) {
	t.Parallel()
	box := func(size byte, kind, rest string) string { return "\x00\x00\x00" + string(size) + kind + rest }
	for content, want := range map[string]bool{
		box(16, "ftyp", "isom0000") + box(8, "moov", ""):                                             true,
		box(16, "ftyp", "isom0000") + box(8, "free", "") + box(8, "mdat", ""):                        false,
		box(8, "ftyp", "") + box(1, "free", "\x00\x00\x00\x00\x00\x00\x00\x10") + box(8, "moov", ""): true,
		box(8, "ftyp", ""):                      false, // no index at all
		box(8, "ftyp", "") + box(0, "free", ""): false,
		box(8, "ftyp", "") + box(1, "free", "\xff\xff\xff\xff\xff\xff\xff\xff"): false,
		"\x1aE\xdf\xa3 no mp4 at all":                                           true,
		"":                                                                      true,
		"RIFF":                                                                  true,
	} {
		path := filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := FastStart(path); got != want || err != nil {
			t.Errorf("%q: %v, %v", content, got, err)
		}
	}
	if front, err := FastStart(media(t, "late.mp4")); front || err != nil {
		t.Errorf("late.mp4: %v, %v", front, err)
	}
	if front, err := FastStart(media(t, "h264.mp4")); !front || err != nil {
		t.Errorf("h264.mp4: %v, %v", front, err)
	}
}
