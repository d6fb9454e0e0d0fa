package ffmpeg

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	picture = "testsrc2=s=320x180:r=10:d=3"
	tone    = "sine=d=3"
)

// recipes make the test media: name → arguments of ffmpeg before the output.
var recipes = map[string]string{
	"h264.mp4":     "-i late.mp4 -i audio.m4a -c copy -movflags +faststart",
	"late.mp4":     "-f lavfi -i " + picture + " -c:v libx264 -preset ultrafast -g 10 -pix_fmt yuv420p", // moov at the end
	"mpeg4.m4v":    "-f lavfi -i " + picture + " -c:v mpeg4 -f ipod",
	"mjpeg.mov":    "-f lavfi -i " + picture + " -c:v mjpeg -pix_fmt yuvj420p",
	"prores.mov":   "-f lavfi -i " + picture + " -c:v prores",
	"vp9.webm":     "-f lavfi -i " + picture + " -f lavfi -i " + tone + " -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 10 -pix_fmt yuv420p -ar 48000 -c:a libopus",
	"vp8.mkv":      "-f lavfi -i " + picture + " -c:v libvpx -lag-in-frames 0 -deadline realtime -cpu-used 8 -g 10 -pix_fmt yuv420p",
	"vp8.ogv":      "-f lavfi -i " + picture + " -c:v libvpx -lag-in-frames 0 -deadline realtime -cpu-used 8 -g 10 -pix_fmt yuv420p -f ogg",
	"av1.mp4":      "-f lavfi -i testsrc2=s=160x90:r=5:d=1 -c:v libaom-av1 -cpu-used 8 -usage realtime -pix_fmt yuv420p",
	"mpeg4.avi":    "-f lavfi -i " + picture + " -f lavfi -i " + tone + " -c:v mpeg4 -ar 44100 -c:a mp2",
	"flv1.flv":     "-f lavfi -i " + picture + " -c:v flv",
	"mpeg2.ts":     "-f lavfi -i testsrc2=s=320x180:r=25:d=3 -f lavfi -i " + tone + " -c:v mpeg2video -ar 44100 -c:a mp2",
	"mpeg1.mpg":    "-f lavfi -i testsrc2=s=320x180:r=25:d=3 -c:v mpeg1video -f mpeg",
	"wmv2.wmv":     "-f lavfi -i " + picture + " -c:v wmv2",
	"mpeg2.mxf":    "-f lavfi -i testsrc2=s=320x180:r=25:d=3 -c:v mpeg2video",
	"h263.3gp":     "-f lavfi -i testsrc2=s=176x144:r=10:d=3 -c:v h263",
	"audio.m4a":    "-f lavfi -i " + tone + " -ar 44100 -c:a aac",
	"live.webm":    "-f lavfi -i " + picture + " -c:v libvpx -lag-in-frames 0 -deadline realtime -cpu-used 8 -g 10 -pix_fmt yuv420p -f webm -live 1",
	"rotated.mp4":  "-i late.mp4 -c copy -metadata:s:v:0 rotate=270",
	"wide.mp4":     "-f lavfi -i testsrc2=s=180x180:r=10:d=1,setsar=2/1 -c:v libx264 -preset ultrafast -pix_fmt yuv420p",
	"hours.mkv":    `-f lavfi -i testsrc2=s=64x64:r=10:d=0.4,settb=1/1000,setpts=N*22500/TB -fps_mode passthrough -c:v mjpeg -pix_fmt yuvj420p`,
	"one.mp4":      "-f lavfi -i testsrc2=s=321x181:r=10:d=0.1 -c:v mpeg4",
	"tiny.avi":     "-f lavfi -i testsrc2=s=2x2:r=10:d=1 -c:v mjpeg -pix_fmt yuvj444p",
	"tall.mov":     "-f lavfi -i testsrc2=s=32x4000:r=10:d=0.5 -c:v mjpeg -pix_fmt yuvj420p",
	"png.mov":      "-f lavfi -i testsrc2=s=64x64:r=5:d=1 -c:v png",
	"picture.png":  "-f lavfi -i testsrc2=s=64x64:r=1:d=1 -frames:v 1 -c:v png -f image2",
	"minutes.mp4":  "-f lavfi -i testsrc2=s=320x180:r=10:d=60 -c:v libx264 -preset ultrafast -g 20 -pix_fmt yuv420p",
	"fade.mp4":     "-f lavfi -i testsrc2=s=320x180:r=10:d=6,fade=in:d=2 -c:v libx264 -preset ultrafast -g 250 -sc_threshold 0 -pix_fmt yuv420p",
	"chapters.mkv": "-f lavfi -i " + picture + " -c:v mpeg4 -metadata title=Holiday",
}

var made sync.Map // name → func() error

// media returns the path of a file made by a recipe.
func media(t testing.TB, name string) string {
	t.Helper()
	tools := openEmbedded(t)
	path := filepath.Join(mediaFolder, name)
	recipe := strings.Fields(recipes[name])
	for i, arg := range recipe { // one may be made from others
		if _, ok := recipes[arg]; ok {
			media(t, arg)
			recipe[i] = "file:" + childOutput + "/" + arg
		}
	}
	fn, _ := made.LoadOrStore(name, sync.OnceValue(func() error {
		return tools.run(t.Context(), command{
			tool: "ffmpeg", output: mediaFolder, wall: 5 * time.Minute, maxStdout: 1 << 20, quiet: true,
			args: slices.Concat([]string{"-v", "error", "-y"}, recipe, []string{tools.outputArg(path)}),
		})
	}))
	if err := fn.(func() error)(); err != nil {
		t.Fatalf("making %s: %v", name, err)
	}
	return path
}

// file writes data under a name of its own into a new folder.
func file(t testing.TB, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// huge makes a VP8 file whose keyframes claim 16383 × 16383 pixels.
func huge(t testing.TB) string {
	t.Helper()
	data := bytes.Clone(read(t, media(t, "vp8.mkv")))
	start := []byte{0x9d, 0x01, 0x2a} // RFC 6386, section 9.1; two sides follow
	for at := 0; ; {
		i := bytes.Index(data[at:], start)
		if i < 0 {
			break
		}
		at += i + len(start)
		copy(data[at:], []byte{0xff, 0x3f, 0xff, 0x3f})
	}
	return file(t, "huge.mkv", data)
}
