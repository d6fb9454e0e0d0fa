package ffmpeg

import (
	"bytes"
	"context"
	"errors"
	"image"
	_ "image/jpeg"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A still shows the very frame that a pass gave: in every container, keyframe or
// not, also where the file's clock does not begin at zero.
func TestStillIsTheFrameOfThePass(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"minutes.mp4", "vp9.webm", "mpeg2.ts", "mpeg1.mpg", "mpeg4.avi", "flv1.flv", "wmv2.wmv", "vp8.ogv", "prores.mov", "one.mp4"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			both(t, func(t *testing.T, tools *Tools) {
				for _, o := range []FrameOptions{{Keyframes: true}, {Every: 700 * time.Millisecond}} {
					o.Width, o.Height = 16, 16
					var at []time.Duration
					if err := tools.Frames(t.Context(), media(t, name), o, func(f Frame) error { at = append(at, f.PTS); return nil }); err != nil {
						t.Fatal(err)
					}
					want := at[len(at)/2]
					out := filepath.Join(t.TempDir(), "50% '\".jpg")
					p, err := tools.Still(t.Context(), media(t, name), StillOptions{At: want, Keyframe: o.Keyframes, JPEG: true}, out)
					if err != nil {
						t.Fatalf("at %v of %v: %v", want, at, err)
					}
					if d := p.At - want; d.Abs() > 500*time.Millisecond {
						t.Errorf("wanted %v, got %v", want, p.At)
					}
					config, kind, err := image.DecodeConfig(bytes.NewReader(read(t, out)))
					if err != nil || kind != "jpeg" || config.Width != p.Width || config.Height != p.Height || p.Bytes == 0 {
						t.Errorf("%s %v, want %d × %d, %v", kind, config, p.Width, p.Height, err)
					}
					if left, _ := os.ReadDir(filepath.Dir(out)); len(left) != 1 {
						t.Errorf("left behind: %v", left)
					}
				}
			})
		})
	}
}

func TestStillThatIsNotThere(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, tools *Tools) {
		out := filepath.Join(t.TempDir(), "x.webp")
		for _, at := range []time.Duration{time.Hour, 9 * time.Second} {
			if _, err := tools.Still(t.Context(), media(t, "h264.mp4"), StillOptions{At: at}, out); !errors.Is(err, ErrNoStill) {
				t.Errorf("at %v: %v", at, err)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := tools.Still(ctx, media(t, "h264.mp4"), StillOptions{}, out); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if left, _ := os.ReadDir(filepath.Dir(out)); len(left) != 0 {
			t.Errorf("left behind: %v", left)
		}
	})
}

func TestFramesOfAPart(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, tools *Tools) {
		for name, test := range map[string]struct {
			o    FrameOptions
			want []time.Duration
		}{
			"to the end":      {FrameOptions{From: 55 * time.Second, Every: time.Second}, []time.Duration{55000, 56000, 57000, 58000, 59000}},
			"a part":          {FrameOptions{From: 30 * time.Second, Length: 2 * time.Second, Every: time.Second}, []time.Duration{30000, 31000}},
			"the beginning":   {FrameOptions{Length: 2 * time.Second, Every: time.Second}, []time.Duration{0, 1000}},
			"between":         {FrameOptions{From: 30500 * time.Millisecond, Length: 2 * time.Second, Every: time.Second}, []time.Duration{30500, 31500}},
			"keyframes, one":  {FrameOptions{From: 40 * time.Second, Keyframes: true, Max: 1}, []time.Duration{40000}},
			"keyframes, more": {FrameOptions{From: 41 * time.Second, Keyframes: true, Max: 2}, []time.Duration{42000, 44000}},
		} {
			test.o.Width, test.o.Height = 16, 16
			var got []time.Duration
			err := tools.Frames(t.Context(), media(t, "minutes.mp4"), test.o, func(f Frame) error {
				got = append(got, f.PTS.Round(time.Millisecond)/time.Millisecond)
				return nil
			})
			if err != nil || len(got) != len(test.want) {
				t.Errorf("%s: %v, want %v, %v", name, got, test.want, err)
				continue
			}
			for i := range got {
				if (got[i] - test.want[i]).Abs() > 1 {
					t.Errorf("%s: %v, want %v", name, got, test.want)
				}
			}
		}
	})
}
