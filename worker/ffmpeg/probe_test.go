package ffmpeg

import (
	"math"
	"reflect"
	"testing"
	"time"
)

func TestProbeContainers(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		codec  string
		audio  string
		length time.Duration
	}{
		"h264.mp4": {"h264", "aac", 3 * time.Second}, "mpeg4.m4v": {"mpeg4", "", 3 * time.Second},
		"mjpeg.mov": {"mjpeg", "", 3 * time.Second}, "prores.mov": {"prores", "", 3 * time.Second},
		"vp9.webm": {"vp9", "opus", 3 * time.Second}, "vp8.mkv": {"vp8", "", 3 * time.Second},
		"vp8.ogv": {"vp8", "", 3 * time.Second}, "av1.mp4": {"av1", "", time.Second},
		"mpeg4.avi": {"mpeg4", "mp2", 3 * time.Second}, "flv1.flv": {"flv1", "", 3 * time.Second},
		"mpeg2.ts": {"mpeg2video", "mp2", 3 * time.Second}, "mpeg1.mpg": {"mpeg1video", "", 3 * time.Second},
		"wmv2.wmv": {"wmv2", "", 3 * time.Second}, "mpeg2.mxf": {"mpeg2video", "", 3 * time.Second},
		"h263.3gp": {"h263", "", 3 * time.Second},
	}
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			both(t, func(t *testing.T, tools *Tools) {
				path := media(t, name)
				r, err := tools.Probe(t.Context(), path)
				if err != nil {
					t.Fatal(err)
				}
				if r.Video.Codec != want.codec {
					t.Errorf("codec %q, want %q", r.Video.Codec, want.codec)
				}
				if got := ""; len(r.Audio) > 0 {
					if got = r.Audio[0].Codec; got != want.audio {
						t.Errorf("audio %q, want %q", got, want.audio)
					}
				} else if want.audio != "" {
					t.Error("no audio")
				}
				frames := int64(0)
				err = tools.Frames(t.Context(), path, FrameOptions{Width: 32, Height: 32}, func(f Frame) error {
					frames++
					return nil
				})
				if err != nil || frames == 0 {
					t.Errorf("%d frames, %v", frames, err)
				}
				if !tools.Native() {
					return // TestDurationFromPackets scans with both
				}
				scan, err := tools.ScanPackets(t.Context(), path, nil)
				if err != nil {
					t.Fatal(err)
				}
				if d := scan.Duration() - want.length; d < -150*time.Millisecond || d > 150*time.Millisecond {
					t.Errorf("packets last %v, want %v", scan.Duration(), want.length)
				}
				if scan.Short(r) {
					t.Errorf("taken for truncated: report %v %v, scan %v", r.Duration, r.Video.Duration, scan.Duration())
				}
				if scan.Keyframes == 0 || scan.Packets < scan.Keyframes {
					t.Errorf("%d packets, %d keyframes", scan.Packets, scan.Keyframes)
				}
				if d := frames - scan.Packets; d < -2 || d > 0 {
					t.Errorf("%d frames of %d packets", frames, scan.Packets)
				}
			})
		})
	}
}

func TestProbeDetails(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, tools *Tools) {
		r, err := tools.Probe(t.Context(), media(t, "h264.mp4"))
		if err != nil {
			t.Fatal(err)
		}
		v := r.Video
		if v.CodedWidth != 320 || v.CodedHeight != 180 || v.Width != 320 || v.Height != 180 || v.Rotation != 0 {
			t.Errorf("size %+v", v)
		}
		if math.Abs(v.FrameRate-10) > 0.01 || v.PixelFormat != "yuv420p" || v.BitRate == 0 || v.Profile == "" {
			t.Errorf("video %+v", v)
		}
		if a := r.Audio[0]; a.SampleRate != 44100 || a.Channels != 1 || a.Layout != "mono" {
			t.Errorf("audio %+v", a)
		}
		if d := r.Duration - 3*time.Second; d < -100*time.Millisecond || d > 100*time.Millisecond || r.Size == 0 {
			t.Errorf("report %+v", r)
		}
	})
}

func TestProbeShownSize(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, tools *Tools) {
		r, err := tools.Probe(t.Context(), media(t, "rotated.mp4"))
		if err != nil {
			t.Fatal(err)
		}
		if v := r.Video; v.Rotation != 90 || v.CodedWidth != 320 || v.Width != 180 || v.Height != 320 {
			t.Errorf("rotated: %+v", v)
		}
		if r, err = tools.Probe(t.Context(), media(t, "wide.mp4")); err != nil {
			t.Fatal(err)
		}
		if v := r.Video; v.CodedWidth != 180 || v.Width != 360 || v.Height != 180 {
			t.Errorf("wide: %+v", v)
		}
		if r, err = tools.Probe(t.Context(), media(t, "chapters.mkv")); err != nil || r.Title != "Holiday" {
			t.Errorf("title %q, %v", r.Title, err)
		}
	})
}

// A live WebM says no duration: the packets do.
func TestDurationFromPackets(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, tools *Tools) {
		path := media(t, "live.webm")
		r, err := tools.Probe(t.Context(), path)
		if err != nil || r.Duration != 0 {
			t.Fatalf("container says %v, %v", r.Duration, err)
		}
		last := int64(0)
		scan, err := tools.ScanPackets(t.Context(), path, func(p Packet) error {
			if p.Pos < last || p.Pos > r.Size {
				t.Errorf("position %d after %d", p.Pos, last)
			}
			last = p.Pos
			return nil
		})
		if err != nil || scan.Packets != 30 || scan.Keyframes != 3 || scan.KeyframeGap != time.Second {
			t.Errorf("%+v, %v", scan, err)
		}
		if d := scan.Duration(); d < 2900*time.Millisecond || d > 3100*time.Millisecond {
			t.Errorf("duration %v", d)
		}
	})
}

// Both tools say the same of the same file, whatever the one was built with.
func TestNativeAndEmbeddedAgree(t *testing.T) {
	t.Parallel()
	native, embedded := openNative(t), openEmbedded(t)
	for _, name := range []string{"h264.mp4", "vp9.webm", "mpeg2.ts", "wmv2.wmv", "rotated.mp4"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, err := native.Probe(t.Context(), media(t, name))
			if err != nil {
				t.Fatal(err)
			}
			b, err := embedded.Probe(t.Context(), media(t, name))
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(a, b) {
				t.Errorf("native   %+v %+v\nembedded %+v %+v", a, a.Video, b, b.Video)
			}
		})
	}
}
