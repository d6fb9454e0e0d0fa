package pipeline

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/models/modelstest/testenv"
	"reelroom/rooms"
	"reelroom/worker/classifier"
	"reelroom/worker/ffmpeg"
)

var (
	calibrationVideos  = flag.Int("calibration.videos", 4, "how many videos the calibration of the ETA takes; 100 tell something")
	calibrationWorkers = flag.Int("calibration.workers", 1, "how many videos at a time")
	calibrationMedia   = flag.String("calibration.media", "", "a folder that keeps the videos that were made, for the next time")
)

// recipe is one made-up video.
type recipe struct {
	seconds, width, height, rate int
	codec, name                  string
}

// recipes are n varied videos, the same ones each time. A few are for tests
// only, so they are small.
func recipes(n int) []recipe {
	r := rand.New(rand.NewPCG(1, 2))
	sizes := [][2]int{{256, 144}, {426, 240}, {640, 360}, {854, 480}, {1280, 720}, {1920, 1080}}
	codecs := []struct{ args, suffix string }{
		{"-c:v libx264 -preset ultrafast -g 250", "mp4"}, {"-c:v libx264 -preset ultrafast -g 48", "mp4"}, {"-c:v libx264 -preset superfast -g 60", "mkv"},
		{"-c:v libx264 -preset veryfast -g 90", "mov"}, {"-c:v mpeg4 -g 12 -q:v 5", "avi"}, {"-c:v mpeg4 -g 300 -q:v 5", "mp4"}, {"-c:v mpeg2video -g 15 -q:v 5", "ts"},
		{"-c:v mjpeg -q:v 8 -pix_fmt yuvj420p", "mov"}, {"-c:v libvpx -lag-in-frames 0 -deadline realtime -cpu-used 8 -g 60", "webm"},
	}
	made := make([]recipe, n)
	for i := range made {
		size, codec := sizes[r.IntN(len(sizes))], codecs[r.IntN(len(codecs))]
		// As many short ones as long ones: 1 to 60 s.
		seconds := []int{1, 2, 3, 5, 8, 12, 18, 25, 40, 60}[r.IntN(10)]
		if n < 20 {
			seconds, size = 1+i%3, sizes[i%2]
		}
		made[i] = recipe{seconds, size[0], size[1], []int{10, 24, 25, 30}[r.IntN(4)], codec.args, fmt.Sprintf("%03d.%s", i, codec.suffix)}
	}
	return made
}

func (r recipe) make(t *testing.T, ffmpeg, dir string) string {
	path := filepath.Join(dir, r.name)
	if _, err := os.Stat(path); err == nil {
		return path
	}
	args := []string{"-v", "error", "-y", "-f", "lavfi", "-i", fmt.Sprintf("testsrc2=s=%dx%d:r=%d:d=%d", r.width, r.height, r.rate, r.seconds)}
	args = append(args, "-pix_fmt", "yuv420p")
	args = append(args, strings.Fields(r.codec)...)
	if out, err := exec.Command(ffmpeg, append(args, path)...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", r.name, err, out)
	}
	return path
}

// upload puts a file into the blobs and makes its record.
func (p *Pipeline) upload(t testing.TB, id, path string) models.Video {
	t.Helper()
	from, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	key := models.SourceKey(id, "n")
	to, err := p.Blobs.Create(t.Context(), "acme", key)
	if err != nil {
		t.Fatal(err)
	}
	size, err := io.Copy(to, from)
	if err == nil {
		err = to.Commit()
	}
	if err != nil {
		t.Fatal(err)
	}
	kind := map[string]string{".mp4": "video/mp4", ".mkv": "video/x-matroska", ".mov": "video/quicktime", ".avi": "video/x-msvideo", ".ts": "video/mp2t", ".webm": "video/webm"}
	v, err := p.Publisher.Create(t.Context(), "acme", models.Video{
		ID: id, OrganizationID: "acme", Title: id,
		File: models.File{Key: key, Name: filepath.Base(path), Size: size, MediaType: kind[filepath.Ext(path)]},
	})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// tooled is a pipeline with the tools of this machine.
func tooled(t testing.TB) *Pipeline {
	t.Helper()
	path := testenv.Program(t, "ffmpeg")
	p := newPipeline(t)
	tools, err := ffmpeg.Open(t.Context(), ffmpeg.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	p.Tools, p.Classifier = tools, blank{}
	return p
}

// blank sees nothing, at once: the true one is slow under the race detector.
type blank struct{}

func (blank) Classify(context.Context, []byte) (classifier.Scores, error) {
	return classifier.Scores{}, nil
}

func (blank) Model() string { return "blank" }

// Promises about varied videos, against the truth: run it with
// -args -calibration.videos 100 to see how often the truth lies under them. What
// is asserted holds on any machine: each event has both figures, in order, and
// each promise was compared.
func TestCalibration(t *testing.T) {
	program := testenv.Program(t, "ffmpeg")
	dir := *calibrationMedia
	if dir == "" {
		dir = t.TempDir()
	} else if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	n := *calibrationVideos
	var paths []string
	for _, r := range recipes(n) {
		paths = append(paths, r.make(t, program, dir))
	}
	p := tooled(t)
	if n >= 20 {
		p.Classifier = classifier.New()
	}
	began := time.Now()
	work := make(chan models.Task)
	var workers sync.WaitGroup
	for range max(*calibrationWorkers, 1) {
		workers.Go(func() {
			for task := range work {
				if err := p.Process(t.Context(), task); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for i, path := range paths {
		v := p.upload(t, fmt.Sprint("c", i), path)
		work <- models.TaskOf(&v)
	}
	close(work)
	workers.Wait()
	took := time.Since(began)

	seen := map[string]int{}
	var cursor rooms.Cursor
	for {
		events, err := p.Log.After(t.Context(), "acme", cursor, 500)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			cursor = rooms.Cursor{Epoch: e.Epoch, Seq: e.Seq}
			var said models.Progress
			if e.Name != models.EventProgress || e.VideoID == "v" {
				continue
			}
			if err := json.Unmarshal(e.Payload, &said); err != nil {
				t.Fatal(err)
			}
			seen[e.VideoID]++
			if said.EtaSeconds == nil || said.EtaHighSeconds == nil || *said.EtaSeconds < 0 || *said.EtaHighSeconds < *said.EtaSeconds {
				t.Errorf("an event of %s says %s", e.VideoID, e.Payload)
			}
		}
		if len(events) < 500 {
			break
		}
	}
	if len(seen) != n {
		t.Errorf("progress of %d videos of %d", len(seen), n)
	}
	x, err := p.Estimator.Experience(t.Context())
	if err != nil || int(x.Calibration[models.EtaAtStart].Samples) != n || int(x.Calibration[models.EtaKnown].Samples) != 2*n {
		t.Errorf("%d videos: compared %+v, %v", n, x.Calibration, err)
	}
	t.Logf("%d videos in %s, %d at a time, %d classes learned", n, took.Round(time.Second), *calibrationWorkers, len(x.Lessons))
	for _, place := range []string{models.EtaAtStart, models.EtaKnown, models.EtaInside} {
		c := x.Calibration[place]
		t.Logf("%-7s %4.0f promises: truth under p50 in %3.0f %%, under p90 in %3.0f %%; off by a factor of %.2f in the mean; pinball loss %.2f s, %.2f s",
			place, c.Samples, 100*c.UnderMedian, 100*c.UnderHigh, math.Exp(c.Error), c.PinballMedian, c.PinballHigh)
	}
}
