package ffmpeg

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"reelroom/models"
)

func TestFramesCarryTheirTime(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, tools *Tools) {
		for _, test := range []struct {
			name string
			o    FrameOptions
			want []time.Duration
		}{
			{"keyframes", FrameOptions{Keyframes: true}, []time.Duration{0, 1000, 2000}},
			{"every", FrameOptions{Every: 500 * time.Millisecond}, []time.Duration{0, 500, 1000, 1500, 2000, 2500}},
			{"both", FrameOptions{Keyframes: true, Every: 2 * time.Second}, []time.Duration{0, 2000}},
			{"max", FrameOptions{Max: 4}, []time.Duration{0, 100, 200, 300}},
		} {
			test.o.Width, test.o.Height = 224, 224
			var got []time.Duration
			err := tools.Frames(t.Context(), media(t, "h264.mp4"), test.o, func(f Frame) error {
				got = append(got, f.PTS/time.Millisecond)
				if len(f.RGB) != 224*224*3 {
					t.Errorf("%d bytes", len(f.RGB))
				}
				return nil
			})
			if err != nil || len(got) != len(test.want) {
				t.Errorf("%s: %v, %v; want %v", test.name, got, err, test.want)
				continue
			}
			for i := range got {
				if got[i] != test.want[i] {
					t.Errorf("%s: %v, want %v", test.name, got, test.want)
				}
			}
		}
	})
}

// A claim of 25 hours in four frames costs four frames, not 90,000.
func TestFramesAreNeverRepeated(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, tools *Tools) {
		count, last := 0, time.Duration(0)
		err := tools.Frames(t.Context(), media(t, "hours.mkv"), FrameOptions{Every: time.Second, Width: 16, Height: 16}, func(f Frame) error {
			count, last = count+1, f.PTS
			return nil
		})
		if err != nil || count != 4 || last != 67500*time.Second {
			t.Errorf("%d frames, the last at %v, %v", count, last, err)
		}
	})
}

func TestFramesStopWithTheirCallback(t *testing.T) {
	t.Parallel()
	mine := errors.New("mine")
	both(t, func(t *testing.T, tools *Tools) {
		count := 0
		err := tools.Frames(t.Context(), media(t, "h264.mp4"), FrameOptions{Width: 224, Height: 224}, func(Frame) error {
			count++
			if count == 2 {
				return mine
			}
			return nil
		})
		if !errors.Is(err, mine) || count != 2 {
			t.Errorf("%v after %d frames", err, count)
		}
		if _, err = tools.ScanPackets(t.Context(), media(t, "h264.mp4"), func(Packet) error { return mine }); !errors.Is(err, mine) {
			t.Errorf("scan: %v", err)
		}
	})
}

// A reader slower than the stall limit is no stall of ffmpeg's.
func TestSlowCallbackIsNoStall(t *testing.T) {
	t.Parallel()
	tools := *openNative(t)
	tools.stall = 5 * time.Second
	count := 0
	err := tools.Frames(t.Context(), media(t, "h264.mp4"), FrameOptions{Keyframes: true, Width: 640, Height: 640}, func(Frame) error {
		if count++; count == 1 {
			time.Sleep(7 * time.Second) // the slowness itself is what is tested
		}
		return nil
	})
	if err != nil || count != 3 {
		t.Errorf("%d frames, %v", count, err)
	}
}

func TestImage(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ width, height int }{
		"minutes.mp4": {320, 180}, "rotated.mp4": {180, 320}, "wide.mp4": {360, 180},
		"one.mp4": {320, 180}, "tiny.avi": {2, 2}, "tall.mov": {10, 1250}, "hours.mkv": {64, 64},
	}
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			both(t, func(t *testing.T, tools *Tools) {
				out := filepath.Join(t.TempDir(), "50%d '\" x.webp")
				var seen time.Duration
				p, err := tools.Image(t.Context(), media(t, name), ImageOptions{Progress: func(d time.Duration) { seen = max(seen, d) }}, out)
				if err != nil {
					t.Fatal(err)
				}
				if data := read(t, out); len(data) < 30 || string(data[:4]) != "RIFF" || string(data[8:12]) != "WEBP" || int64(len(data)) != p.Bytes {
					t.Errorf("not WebP: % x", data[:min(16, len(data))])
				}
				if p.Width != want.width || p.Height != want.height {
					t.Errorf("%d × %d, want %v", p.Width, p.Height, want)
				}
				if s := p.Small; s.Width < 1 || s.Height < 1 || s.Width > 100 || s.Height > 100 || len(s.RGB) != s.Width*s.Height*3 {
					t.Errorf("small %d × %d, %d bytes", s.Width, s.Height, len(s.RGB))
				}
				if name == "minutes.mp4" && (seen < 55*time.Second || p.At <= 0) {
					t.Errorf("seen %v, at %v", seen, p.At)
				}
				if left, _ := os.ReadDir(filepath.Dir(out)); len(left) != 1 {
					t.Errorf("left behind: %v", left)
				}
			})
		})
	}
}

func TestImageLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, tools *Tools) {
		out := filepath.Join(t.TempDir(), "x.webp")
		_, err := tools.Image(t.Context(), media(t, "audio.m4a"), ImageOptions{}, out)
		wantCode(t, err, models.CodeNoVideo)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err = tools.Image(ctx, media(t, "h264.mp4"), ImageOptions{}, out); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if left, _ := os.ReadDir(filepath.Dir(out)); len(left) != 0 {
			t.Errorf("left behind: %v", left)
		}
	})
}
