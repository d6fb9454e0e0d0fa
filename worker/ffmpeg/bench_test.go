package ffmpeg

import (
	"os"
	"path/filepath"
	"testing"
)

// benchVariable names a video for the benchmarks instead of a small one.
const benchVariable = "REELROOM_BENCH_VIDEO"

func BenchmarkTools(b *testing.B) {
	path := os.Getenv(benchVariable)
	if path == "" {
		path = media(b, "minutes.mp4")
	}
	for _, kind := range []string{"native", "embedded"} {
		open := openNative
		if kind == "embedded" {
			open = openEmbedded
		}
		run := func(name string, do func(tools *Tools) error) {
			b.Run(kind+"/"+name, func(b *testing.B) {
				tools := open(b)
				for b.Loop() {
					if err := do(tools); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		run("start", func(tools *Tools) error { _, err := tools.ask(b.Context(), "ffmpeg", "-version"); return err })
		run("probe", func(tools *Tools) error { _, err := tools.Probe(b.Context(), path); return err })
		run("scan", func(tools *Tools) error { _, err := tools.ScanPackets(b.Context(), path, nil); return err })
		run("keyframes", func(tools *Tools) error {
			return tools.Frames(b.Context(), path, FrameOptions{Keyframes: true, Width: 224, Height: 224}, func(Frame) error { return nil })
		})
		run("image", func(tools *Tools) error {
			_, err := tools.Image(b.Context(), path, ImageOptions{}, filepath.Join(b.TempDir(), "x.webp"))
			return err
		})
	}
}
