package pipeline

import (
	"context"
	"errors"
	"image/jpeg"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/models/modelstest/testenv"
	"reelroom/worker/classifier"
)

// seeing are the stages that look at the video.
var seeing = steps[:3]

// brightness takes how bright a frame is for how explicit.
type brightness struct{ after func(n int) error }

func (b *brightness) Classify(_ context.Context, rgb []byte) (s classifier.Scores, err error) {
	sum := 0
	for _, x := range rgb {
		sum += int(x)
	}
	s[3] = float32(sum) / float32(255*len(rgb))
	s[2] = 1 - s[3]
	if b.after != nil {
		err = b.after(sum)
	}
	return s, err
}

func (*brightness) Model() string { return "brightness" }

// film makes a video by ffmpeg's arguments before the output.
func film(t *testing.T, name, args string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	cmd := exec.Command(testenv.Program(t, "ffmpeg"), append(strings.Fields("-v error -y "+args), path)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
	return path
}

// stages runs those stages on a file and returns the record, and all reports of
// the last one. fresh has each stage begin in a worker of its own.
func (p *Pipeline) stages(t *testing.T, path string, fresh bool) (v models.Video, reports []models.Report) {
	t.Helper()
	v = p.upload(t, models.NewID(time.Now()), path)
	v.Attempt = 1
	dir, seen := t.TempDir(), &seenBefore{}
	for _, s := range seeing {
		reports = nil
		if fresh {
			seen.close()
			dir = t.TempDir()
		}
		apply, err := s.run(p, t.Context(), &job{video: v, source: path, dir: dir, seen: seen, report: func(r models.Report) { reports = append(reports, r) }})
		if err != nil {
			t.Fatalf("%s: %s: %v", filepath.Base(path), s.stage, err)
		}
		apply(&v)
	}
	seen.close()
	if left, err := filepath.Glob(filepath.Join(dir, "samples-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	return v, reports
}

func (p *Pipeline) blob(t *testing.T, key string) []byte {
	t.Helper()
	b, err := p.Blobs.Open(t.Context(), "acme", key)
	if err != nil {
		t.Fatalf("%s: %v", key, err)
	}
	defer b.Close()
	raw, err := io.ReadAll(b)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// 5 s of dark, 5 s of bright, 5 s of dark.
const lit = "-f lavfi -i color=0x202020:s=160x90:r=10:d=5[a];color=0xf0f0f0:s=160x90:r=10:d=5[b];color=0x202020:s=160x90:r=10:d=5[c];[a][b][c]concat=n=3 "

// What is found is told while the scan goes on, and has its picture in the end.
func TestSegmentsAreToldAndHaveEvidence(t *testing.T) {
	t.Parallel()
	p := tooled(t)
	p.Classifier = &brightness{after: func(int) error { time.Sleep(60 * time.Millisecond); return nil }} // so that there is a while
	v, reports := p.stages(t, film(t, "lit.mp4", lit+"-c:v libx264 -preset ultrafast -g 10 -pix_fmt yuv420p"), false)
	s := v.Sensitivity
	if len(s.Segments) != 1 || s.Verdict != models.VerdictFlagged || s.Segments[0].StartMs != 5000 || s.Segments[0].EndMs != 10000 {
		t.Fatalf("%+v", s)
	}
	early := slices.ContainsFunc(reports, func(r models.Report) bool { return len(r.Segments) == 1 && r.Fraction < 0.8 })
	if !early || !slices.IsSortedFunc(reports, func(a, b models.Report) int { return int(1e6 * (a.Fraction - b.Fraction)) }) {
		t.Errorf("%d reports, none of which tells early, or out of order", len(reports))
	}
	if at, ok := s.Evidence(s.Segments[0]); !ok || at != s.Segments[0].EvidenceMs || len(s.EvidenceMs) > models.MaxEvidence {
		t.Errorf("evidence at %v", s.EvidenceMs)
	}
	for _, at := range s.EvidenceMs {
		picture, err := jpeg.Decode(strings.NewReader(string(p.blob(t, v.EvidenceKey(at)))))
		if err != nil || at < 5000 || at >= 10000 {
			t.Fatalf("at %d: %v", at, err)
		}
		if r, _, _, _ := picture.At(80, 45).RGBA(); r>>8 < 200 {
			t.Errorf("the picture of %d ms shows another frame: %d", at, r>>8)
		}
	}
	if _, frames, err := models.DecodeScores(p.blob(t, s.ScoresKey)); err != nil || len(frames) != s.Frames {
		t.Errorf("%d scores of %d, %v", len(frames), s.Frames, err)
	}
	sheet, err := jpeg.Decode(strings.NewReader(string(p.blob(t, v.Storyboard.Key))))
	b := v.Storyboard
	if err != nil || sheet.Bounds().Dx() != 10*160 || sheet.Bounds().Dy() != 90*((len(b.AtMs)+9)/10) || b.TileWidth != 160 || b.TileHeight != 90 {
		t.Fatalf("%+v, %v", b, err)
	}
	for i, at := range b.AtMs {
		r, _, _, _ := sheet.At(i%10*160+80, i/10*90+45).RGBA()
		if bright := r>>8 > 128; bright != (at >= 5000 && at < 10000) {
			t.Errorf("the tile of %d ms is %d", at, r>>8)
		}
	}
}

// A worker that takes up the last stage has none of what the one before saw, and
// comes to the same.
func TestResumedWithoutTheFramesIsTheSame(t *testing.T) {
	t.Parallel()
	p := tooled(t)
	p.Classifier = &brightness{}
	for name, args := range map[string]string{"keyframes.mp4": "-g 10", "whole.mp4": "-g 600 -sc_threshold 0"} {
		path := film(t, name, lit+"-c:v libx264 -preset ultrafast -pix_fmt yuv420p "+args)
		a, _ := p.stages(t, path, false)
		b, _ := p.stages(t, path, true)
		if scores := p.blob(t, a.Sensitivity.ScoresKey); string(scores) != string(p.blob(t, b.Sensitivity.ScoresKey)) {
			t.Errorf("%s: other scores", name)
		}
		if string(p.blob(t, a.Storyboard.Key)) != string(p.blob(t, b.Storyboard.Key)) {
			t.Errorf("%s: another storyboard", name)
		}
		a.Sensitivity.ScoresKey = b.Sensitivity.ScoresKey
		if !reflect.DeepEqual(a.Sensitivity, b.Sensitivity) || a.Thumbnail.AtMs != b.Thumbnail.AtMs {
			t.Errorf("%s:\n%+v\n%+v", name, a.Sensitivity, b.Sensitivity)
		}
	}
}

// Odd files: each comes to a thumbnail, a storyboard and scores, with frames that
// suffice.
func TestOddFilesAreSeen(t *testing.T) {
	t.Parallel()
	const x264 = " -c:v libx264 -preset ultrafast -pix_fmt yuv420p"
	p := tooled(t)
	// The classifier finds nothing here, so that no time goes into evidence.
	for name, c := range map[string]struct {
		args        string
		sampling    string
		least, most int
		tall        bool
	}{
		"one.mp4":      {"-f lavfi -i testsrc2=s=160x90:r=10:d=0.1" + x264, "interval", 1, 1, false},
		"intra.mov":    {"-f lavfi -i testsrc2=s=160x90:r=25:d=40 -c:v mjpeg -pix_fmt yuvj420p", "keyframes", 10, 14, false},
		"longgop.mp4":  {"-f lavfi -i testsrc2=s=160x90:r=10:d=150 -g 9999 -sc_threshold 0" + x264, "interval", 37, 50, false},
		"tenbit.mkv":   {"-f lavfi -i testsrc2=s=160x90:r=10:d=10 -g 10 -c:v libx264 -preset ultrafast -pix_fmt yuv420p10le -color_trc smpte2084 -color_primaries bt2020", "keyframes", 8, 11, false},
		"alpha.webm":   {"-f lavfi -i testsrc2=s=160x90:r=10:d=3,format=yuva420p -c:v libvpx -deadline realtime -cpu-used 8 -auto-alt-ref 0", "interval", 5, 9, false},
		"variable.mkv": {"-f lavfi -i testsrc2=s=160x90:r=10:d=2,setpts=N*N/20/TB -fps_mode passthrough -g 5" + x264, "interval", 6, 20, false},
		"upright.mp4":  {"-f lavfi -i testsrc2=s=90x160:r=10:d=3" + x264, "interval", 7, 9, true},
		"ts.ts":        {"-f lavfi -i testsrc2=s=160x90:r=25:d=20 -g 25 -c:v mpeg2video -b:v 1M", "keyframes", 16, 22, false},
	} {
		t.Run(name, func(t *testing.T) {
			v, _ := p.stages(t, film(t, name, c.args), false)
			if n := v.Sensitivity.Frames; n < c.least || n > c.most || v.Sensitivity.Sampling != c.sampling {
				t.Errorf("%d frames by %s, want %d to %d by %s", n, v.Sensitivity.Sampling, c.least, c.most, c.sampling)
			}
			if b := v.Storyboard; len(b.AtMs) != v.Sensitivity.Frames || !slices.IsSorted(b.AtMs) || (b.TileHeight > b.TileWidth) != c.tall {
				t.Errorf("%+v", b)
			}
			if th := v.Thumbnail; th.Bytes == 0 || th.Placeholder == "" || (th.Height > th.Width) != c.tall || string(p.blob(t, th.Key)[8:12]) != "WEBP" {
				t.Errorf("%+v", th)
			}
		})
	}
}

// Work that is ended in the middle leaves no file in the job's folder, and no
// result of the stage.
func TestEndedScanLeavesNothing(t *testing.T) {
	t.Parallel()
	p := tooled(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	p.Classifier = &brightness{after: func(int) error {
		if n++; n == 4 {
			cancel()
			return ctx.Err()
		}
		return nil
	}}
	v := p.upload(t, "ended", film(t, "lit.mp4", lit+"-g 10 -c:v libx264 -preset ultrafast -pix_fmt yuv420p"))
	if err := p.Process(ctx, models.TaskOf(&v)); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(p.WorkDir); err != nil || len(left) != 0 {
		t.Errorf("left in the work folder: %v, %v", left, err)
	}
	v, err := p.Videos.Get(t.Context(), "acme", "ended")
	if err != nil || v.Stage != models.StageSensitivity || v.Thumbnail == nil || v.Sensitivity != nil || v.Storyboard != nil {
		t.Errorf("%+v, %v", v, err)
	}
	// Another worker takes it up, and does no finished stage again.
	p.Classifier = &brightness{}
	if err := p.Process(t.Context(), models.TaskOf(&v)); err != nil {
		t.Fatal(err)
	}
	again, err := p.Videos.Get(t.Context(), "acme", "ended")
	if err != nil || again.Status != models.StatusCompleted || again.Storyboard == nil || again.Thumbnail.Key != v.Thumbnail.Key {
		t.Errorf("%s, %v", again.Status, err)
	}
	if left, err := os.ReadDir(p.WorkDir); err != nil || len(left) != 0 {
		t.Errorf("left in the work folder: %v, %v", left, err)
	}
}
