package estimate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"reelroom/models"
)

// world is a made-up machine: what stages take there.
type world struct {
	r      *rand.Rand
	factor float64 // slower than the rule of thumb
	noise  float64
	tail   float64 // the share of a stage's time that passes after its last report
}

func (w *world) takes(stage models.Stage, f Features) float64 {
	codec := map[string]float64{"av1": 3, "mpeg4": 0.5}[f.Codec]
	if codec == 0 || stage == models.StageMetadata {
		codec = 1
	}
	return rule(stage, f) * w.factor * codec * math.Exp(w.noise*w.r.NormFloat64())
}

// process works on one video, as the pipeline does, and returns what was
// promised at the start, what was promised when the metadata was there, and how
// long each of them was to the end.
func (w *world) process(t *testing.T, e *Estimator, f Features) (said [2]models.Eta, truth [2]float64) {
	now := time.Unix(1e9, 0)
	began, blind := now, f.Blind()
	said[0] = e.Eta(models.StageMetadata, blind)
	run := e.Start(now, &said[0])
	known := began
	for _, stage := range models.Stages {
		features := f
		if stage == models.StageMetadata {
			features = blind
		}
		eta := e.Eta(stage, features)
		run.Begin(stage, features, &eta, now)
		if stage == models.StageThumbnail {
			said[1], known = eta, now
		}
		total, begun, share := w.takes(stage, f), now, starts(stage, f)/rule(stage, f)
		for percent := 5; percent <= 100; percent += 5 {
			now = begun.Add(time.Duration(total * (1 - w.tail) * (share + (1-share)*float64(percent)/100) * 1e9))
			if eta, over := run.At(float64(percent)/100, now); !eta.Fits() || over <= 0 || over > 1 {
				t.Fatalf("%s at %d %%: %+v, %v", stage, percent, eta, over)
			}
		}
		now = begun.Add(time.Duration(total * 1e9))
		run.End(now)
	}
	run.Complete(t.Context(), now)
	return said, [2]float64{now.Sub(began).Seconds(), now.Sub(known).Seconds()}
}

func (w *world) clip() Features {
	return clip(1+int64(math.Exp(w.r.Float64()*7)), []int64{230_400, 921_600, 2_073_600}[w.r.IntN(3)], []string{"h264", "h264", "av1", "mpeg4"}[w.r.IntN(4)])
}

// On a machine that is five times slower than the rule of thumb, the first
// promise is sane, and after some videos promises are calibrated: half of them
// and nine in ten hold, and they are not far off.
func TestPromisesAreCalibrated(t *testing.T) {
	t.Parallel()
	for factor, tail := range map[float64]float64{0.3: 0, 5: 0.5} {
		w, store := &world{rand.New(rand.NewPCG(3, 4)), factor, 0.25, tail}, &memoryStore{}
		e := New(store, quiet)
		first, truth := w.process(t, e, clip(60, 921_600, "h264"))
		near(t, "the first promise", first[0].Seconds, truth[0], 12)
		for range 60 {
			w.process(t, e, w.clip())
		}
		const n = 400
		under, off := [2][2]int{}, [2]float64{}
		for range n {
			said, truth := w.process(t, e, w.clip())
			for place := range said {
				off[place] += math.Abs(math.Log(said[place].Seconds/truth[place])) / n
				if truth[place] <= said[place].Seconds {
					under[place][0]++
				}
				if truth[place] <= said[place].HighSeconds {
					under[place][1]++
				}
			}
		}
		for place, u := range under {
			median, high := 100*float64(u[0])/n, 100*float64(u[1])/n
			t.Logf("factor %v, place %d: under p50 in %.0f %%, p90 in %.0f %%, off by %.0f %%", factor, place, median, high, 100*math.Expm1(off[place]))
			if median < 35 || median > 65 || high < 80 || high > 98 || off[1] > 0.35 {
				t.Errorf("factor %v, place %d: under p50 in %.0f %%, p90 in %.0f %%, off by %v", factor, place, median, high, off)
			}
		}
		for place, c := range store.kept.Calibration {
			t.Logf("%s: under p50 in %.0f %%, p90 in %.0f %%", place, 100*c.UnderMedian, 100*c.UnderHigh)
			if c.Samples < 400 || c.UnderMedian < 0.3 || c.UnderMedian > 0.7 || c.UnderHigh < 0.75 || c.Error > 0.8 || c.PinballMedian <= 0 {
				t.Errorf("published about %s: %+v", place, c)
			}
		}
	}
}

// A process on a slower machine, or under load, follows its own pace at once,
// without what the others have learned being lost.
func TestPaceIsFollowed(t *testing.T) {
	t.Parallel()
	store := &memoryStore{}
	quick, f := &world{rand.New(rand.NewPCG(5, 6)), 1, 0.1, 0}, clip(60, 921_600, "h264")
	a := New(store, quiet)
	for range 40 {
		quick.process(t, a, f)
	}
	b := New(store, quiet)
	if _, err := b.Experience(t.Context()); err != nil {
		t.Fatal(err)
	}
	slow := &world{quick.r, 4, 0.1, 0}
	for range 3 {
		slow.process(t, b, f)
	}
	said, truth := slow.process(t, b, f)
	near(t, "on the slow machine", said[1].Seconds, truth[1], 1.5)
	said, truth = quick.process(t, a, f)
	near(t, "on the quick machine", said[1].Seconds, truth[1], 1.5)
}

// A worker that slept for a day in one stage does not change what is said.
func TestAnOutlierTeachesLittle(t *testing.T) {
	t.Parallel()
	w, e := &world{rand.New(rand.NewPCG(7, 8)), 1, 0.1, 0}, New(&memoryStore{}, quiet)
	f := clip(60, 921_600, "h264")
	for range 20 {
		w.process(t, e, f)
	}
	before := e.Eta(models.StageThumbnail, f)
	e.learn(t.Context(), []sample{{models.StageSensitivity, f, 86_400, 0, nil}}, nil)
	near(t, "the median", e.Eta(models.StageThumbnail, f).Seconds, before.Seconds, 1.1)
}

// A version for browsers is counted where one is planned, and only there.
func TestARenditionIsCounted(t *testing.T) {
	t.Parallel()
	e, f := New(&memoryStore{}, quiet), clip(60, 921_600, "av1")
	without := e.Eta(models.StageThumbnail, f)
	f.Loads[models.StageRendition] = Load{Decoded: 1800, Whole: true, Encoded: 1800}
	with, alone := e.Eta(models.StageThumbnail, f), e.Eta(models.StageRendition, f)
	if with.Seconds < without.Seconds+alone.Seconds/2 || alone.Seconds < 10 {
		t.Errorf("%+v without, %+v with, %+v alone", without, with, alone)
	}
}

// Whatever a file claims, there is an answer, and few classes.
func TestFeaturesAreTamed(t *testing.T) {
	t.Parallel()
	found := map[string]bool{}
	e := New(&memoryStore{}, quiet)
	rapid.Check(t, func(t *rapid.T) {
		any63 := func(name string) int64 { return rapid.Int64().Draw(t, name) }
		load := Load{any63("decoded"), rapid.Bool().Draw(t, "whole"), any63("classified"), any63("encoded")}
		f := Features{
			Embedded: rapid.Bool().Draw(t, "embedded"), MediaType: rapid.String().Draw(t, "type"), Bytes: any63("bytes"),
			Known: rapid.Bool().Draw(t, "known"), Codec: rapid.String().Draw(t, "codec"), Pixels: any63("pixels"),
			Loads: map[models.Stage]Load{models.StageThumbnail: load, models.StageSensitivity: load},
		}
		for _, stage := range models.Stages {
			if eta := e.Eta(stage, f); !eta.Fits() || eta.Seconds <= 0 {
				t.Fatalf("%+v", eta)
			}
			for _, class := range classes(stage, f) {
				found[class] = true
				if len(class) > 64 {
					t.Fatalf("a class is called %q", class)
				}
			}
		}
	})
	if len(found) == 0 || len(found) > models.MaxLessons {
		t.Errorf("%d classes", len(found))
	}
}

// A store that is full of classes takes no more, and goes on learning.
func TestClassesAreBounded(t *testing.T) {
	t.Parallel()
	store := &memoryStore{kept: models.Experience{Lessons: map[string]models.Lesson{}}}
	for i := range models.MaxLessons {
		store.kept.Lessons[fmt.Sprint(i)] = models.Lesson{}
	}
	w := &world{rand.New(rand.NewPCG(1, 1)), 1, 0.1, 0}
	w.process(t, New(store, quiet), clip(60, 921_600, "h264"))
	if len(store.kept.Lessons) != models.MaxLessons || store.kept.Version != 1 {
		t.Errorf("%d classes, version %d", len(store.kept.Lessons), store.kept.Version)
	}
}

// A store that is away costs knowledge, nothing else.
func TestStoreAway(t *testing.T) {
	t.Parallel()
	store := &memoryStore{away: true}
	e := New(store, quiet)
	for range 100 {
		if _, err := e.Experience(t.Context()); err == nil {
			t.Error("it is not said that the store is away")
		}
	}
	if store.asked != 1 {
		t.Errorf("a store that is away was asked %d times", store.asked)
	}
	w := &world{rand.New(rand.NewPCG(1, 1)), 1, 0.1, 0}
	if said, _ := w.process(t, e, clip(60, 921_600, "h264")); !said[0].Fits() {
		t.Errorf("%+v", said)
	}
}
