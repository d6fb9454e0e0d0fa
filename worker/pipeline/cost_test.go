//go:build unix

package pipeline

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"reelroom/models"
	"reelroom/models/modelstest/testenv"
	"reelroom/worker/classifier"
	"reelroom/worker/ffmpeg"
)

var (
	costRun      = flag.Bool("cost", false, "TestCost: measure what processing costs beside the naive way, and print the table of COST.md")
	costFiles    = flag.String("cost.files", "", "TestCost: measure these videos, with commas between, instead of made ones")
	costEmbedded = flag.Bool("cost.embedded", false, "TestCost: with the embedded ffmpeg as well")
	costRounds   = flag.Int("cost.rounds", 3, "TestCost: rounds, of which the median is shown")
)

// What a person's camera or an encoder makes: shots of uneven length, noise that
// costs bits, a keyframe every 2 s or, by the encoder's default, at cuts and
// after 250 frames.
const (
	costShots = "testsrc2=s=SIZE:r=30:d=3.1[a];mandelbrot=s=SIZE:r=30:end_scale=0.05,trim=duration=9.3[b];testsrc2=s=SIZE:r=30:d=12,hue=h=90[c];" +
		"gradients=s=SIZE:r=30:d=5.6:speed=0.02[d];mandelbrot=s=SIZE:r=30:start_x=-1.2:start_y=0.2,trim=duration=4[e];testsrc2=s=SIZE:r=30:d=6,hflip[f];" +
		"[a][b][c][d][e][f]concat=n=6,noise=alls=6:allf=t,format=yuv420p"
	costEncoder = "-c:v libx264 -preset veryfast"
)

var costVideos = []struct {
	name, size, keyframes string
	seconds               int
}{
	{"720p, 10 s", "1280x720", "-g 60", 10},
	{"720p, 2 min", "1280x720", "-g 60", 120},
	{"720p, 10 min", "1280x720", "-g 60", 600},
	{"720p, 10 min, keyframes at cuts", "1280x720", "-g 250", 600},
	{"2160p, 1 min", "3840x2160", "-g 60", 60},
}

// TestCost measures CPU seconds per minute of video by stage, and the naive way
// beside them in the same run:
//
//	go test ./worker/pipeline -run TestCost -timeout 60m -v -args -cost -cost.embedded
func TestCost(t *testing.T) {
	if !*costRun {
		t.Skip("skipped: takes minutes; run it with -args -cost")
	}
	program := testenv.Program(t, "ffmpeg")
	var rows []string
	measure := func(name, path string) {
		native, err := ffmpeg.Open(t.Context(), ffmpeg.Options{Path: program})
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, costOf(t, name, path, program, native)...)
		if *costEmbedded {
			embedded, err := ffmpeg.Open(t.Context(), ffmpeg.Options{Path: ffmpeg.Embedded})
			if err == nil {
				err = embedded.Prepare(t.Context())
			}
			if err != nil {
				t.Fatal(err)
			}
			rows = append(rows, costOf(t, name, path, program, embedded)...)
		}
	}
	if *costFiles != "" {
		for _, path := range strings.Split(*costFiles, ",") {
			measure(filepath.Base(path), path)
		}
	} else {
		dir := t.TempDir()
		for i, v := range costVideos {
			measure(v.name, costVideo(t, program, dir, i))
		}
	}
	fmt.Printf("\n| video | ffmpeg | metadata | thumbnail | sensitivity | together | naive: probe, picture, scan | ratio | frames | classifier | naive frames |\n|---|---|---|---|---|---|---|---|---|---|---|\n%s\n", strings.Join(rows, "\n"))
}

// costVideo makes one video: a clip is encoded once and then repeated.
func costVideo(t *testing.T, program, dir string, i int) string {
	t.Helper()
	v := costVideos[i]
	run := func(args string, last ...string) {
		cmd := exec.Command(program, append(strings.Fields("-v error -y "+args), last...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
		}
	}
	clip := filepath.Join(dir, strings.NewReplacer(" ", "", "-", "_").Replace(v.size+v.keyframes)+".mp4")
	if _, err := os.Stat(clip); err != nil {
		cut := ""
		if v.size == "3840x2160" {
			cut = "-t 20 "
		}
		run("-filter_complex "+strings.ReplaceAll(costShots, "SIZE", v.size)+" "+cut+costEncoder+" "+v.keyframes, clip)
	}
	path := filepath.Join(dir, strconv.Itoa(i)+".mp4")
	run("-stream_loop -1 -i " + clip + " -t " + strconv.Itoa(v.seconds) + " -c copy " + path)
	return path
}

// spent is the CPU time, user and system, of this process, or of its children
// that have ended.
func spent(who int) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(who, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func costOf(t *testing.T, name, path, program string, tools *ffmpeg.Tools) []string {
	t.Helper()
	var stages [3][]time.Duration
	var together, naive, own []time.Duration
	var parts [3]time.Duration
	var v models.Video
	for range *costRounds {
		p := newPipeline(t)
		p.Tools, p.Classifier = tools, blank{} // the decoding is measured; the classifier below
		seen := &seenBefore{}
		v = p.upload(t, "cost", path)
		v.Attempt = 1
		dir := t.TempDir()
		var sum, mine time.Duration
		for i, s := range seeing {
			children, self := spent(unix.RUSAGE_CHILDREN), spent(unix.RUSAGE_SELF)
			apply, err := s.run(p, t.Context(), &job{video: v, source: path, dir: dir, seen: seen, report: func(models.Report) {}})
			if err != nil {
				t.Fatalf("%s: %s: %v", name, s.stage, err)
			}
			apply(&v)
			self = spent(unix.RUSAGE_SELF) - self
			cost := spent(unix.RUSAGE_CHILDREN) - children + self
			stages[i], sum, mine = append(stages[i], cost), sum+cost, mine+self
		}
		seen.close()
		together, own = append(together, sum), append(own, mine)
		sum = 0
		for i, n := range naiveWay(path, v.Metadata.DurationSeconds) {
			children := spent(unix.RUSAGE_CHILDREN)
			tool := program
			if n[0] == "ffprobe" {
				tool = testenv.Program(t, "ffprobe")
			}
			cmd := exec.Command(tool, n[1:]...)
			if err := cmd.Run(); err != nil {
				t.Fatalf("%v: %v", cmd.Args, err)
			}
			parts[i] = spent(unix.RUSAGE_CHILDREN) - children
			sum += parts[i]
		}
		naive = append(naive, sum)
	}
	minutes := v.Metadata.DurationSeconds / 60
	per := func(d []time.Duration) float64 { slices.Sort(d); return d[len(d)/2].Seconds() / minutes }
	kind := "native"
	if !tools.Native() {
		kind = "embedded"
	}
	frame := classifierCost(t)
	row := fmt.Sprintf("| %s | %s | %.2f | %.2f | %.2f | %.2f | %.2f (%.2f, %.2f, %.2f) | **%.3f** | %d | %.2f | %.0f, %.2f |", name, kind,
		per(stages[0]), per(stages[1]), per(stages[2]), per(together), per(naive),
		parts[0].Seconds()/minutes, parts[1].Seconds()/minutes, parts[2].Seconds()/minutes, per(together)/per(naive),
		v.Sensitivity.Frames, float64(v.Sensitivity.Frames)*frame.Seconds()/minutes, v.Metadata.DurationSeconds, 60*frame.Seconds())
	t.Log(row, "of which our own process", per(own), "keyframes", v.Metadata.Video.Keyframes, "gap", v.Metadata.Video.KeyframeGapSeconds)
	return []string{row}
}

// naiveWay is what one does first: ask ffprobe, take a picture near the
// beginning, decode all for a frame a second.
func naiveWay(path string, seconds float64) [][]string {
	return [][]string{
		{"ffprobe", "-v", "error", "-show_format", "-show_streams", "-of", "json", path},
		{"ffmpeg", "-v", "error", "-nostdin", "-ss", strconv.FormatFloat(seconds/10, 'f', 3, 64), "-i", path, "-frames:v", "1", "-vf", "scale=640:-2", "-c:v", "libwebp", "-f", "webp", "pipe:1"},
		{"ffmpeg", "-v", "error", "-nostdin", "-i", path, "-vf", "fps=1,scale=224:224:flags=bicubic,format=rgb24", "-f", "rawvideo", "pipe:1"},
	}
}

// classifierCost is the CPU time of one frame, which both ways need.
func classifierCost(t *testing.T) time.Duration {
	t.Helper()
	network, rgb := classifier.New(), make([]byte, classifier.FrameBytes)
	const rounds = 10
	began := spent(unix.RUSAGE_SELF)
	for range rounds {
		if _, err := network.Classify(t.Context(), rgb); err != nil {
			t.Fatal(err)
		}
	}
	return (spent(unix.RUSAGE_SELF) - began) / rounds
}
