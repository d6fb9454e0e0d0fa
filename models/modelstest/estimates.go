package modelstest

import (
	"fmt"
	"math"
	"reflect"
	"testing"

	"reelroom/models"
)

// learn adds one to the samples of a class.
func learn(t testing.TB, s models.Estimates, class string) models.Experience {
	t.Helper()
	e, err := s.Learn(within(t), func(e *models.Experience) {
		l := e.Lessons[class]
		l.Samples++
		l.Mean, l.Variance = 0.1+0.2, 1e-300
		e.Lessons[class] = l
	})
	if err != nil {
		t.Fatalf("learn: %v", err)
	}
	return e
}

// knows fails when the store's experience is not what is wanted.
func knows(t testing.TB, s models.Estimates, want models.Experience) {
	t.Helper()
	got, err := s.Experience(within(t))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("the store knows\n%+v, %v, not\n%+v", got, err, want)
	}
}

func experience(t *testing.T, s Stores) {
	stores := s.both(t)
	knows(t, stores[0], models.Experience{})
	first := learn(t, stores[0], "a.b/$c é")
	if first.Version != 1 || first.Lessons["a.b/$c é"] != (models.Lesson{Samples: 1, Mean: 0.1 + 0.2, Variance: 1e-300}) {
		t.Errorf("learned: %+v", first)
	}
	knows(t, stores[1], first)
	second, err := stores[1].Learn(within(t), func(e *models.Experience) {
		delete(e.Lessons, "a.b/$c é")
		e.Lessons["x"] = models.Lesson{Samples: 2}
		e.Calibration[models.EtaAtStart] = models.Calibration{Samples: 3, UnderMedian: 0.5, UnderHigh: 0.9, Error: 0.1, PinballMedian: 1, PinballHigh: 2}
	})
	if err != nil || second.Version != 2 || len(second.Lessons) != 1 {
		t.Errorf("learned: %+v, %v", second, err)
	}
	knows(t, stores[0], second)
	if len(first.Lessons) != 1 || first.Lessons["x"] != (models.Lesson{}) {
		t.Errorf("what was handed out has changed: %+v", first)
	}
}

// Nothing that anybody learned is lost, however many write at once.
func experienceRaced(t *testing.T, s Stores) {
	const writers, each = 6, 10
	address := s.Fresh(t)
	stores := []models.Store{s.at(t, address)}
	for s.Shared && len(stores) < 3 {
		stores = append(stores, s.at(t, address))
	}
	race(writers, func(n int) {
		for i := range each {
			ctx := within(t)
			for done := false; !done; {
				_, err := stores[n%len(stores)].Learn(ctx, func(e *models.Experience) {
					for _, class := range []string{"all", fmt.Sprint("class", i)} {
						l := e.Lessons[class]
						l.Samples++
						e.Lessons[class] = l
					}
				})
				done = models.CodeOf(err) != models.CodeUnavailable || ctx.Err() != nil // a slow machine
				if done && err != nil {
					t.Errorf("writer %d: %v", n, err)
				}
			}
		}
	})
	e, err := stores[0].Experience(within(t))
	if err != nil || e.Version < writers*each || e.Lessons["all"].Samples < writers*each || len(e.Lessons) != each+1 {
		t.Errorf("version %d, %d classes, %v samples of %d, %v", e.Version, len(e.Lessons), e.Lessons["all"].Samples, writers*each, err)
	}
}

func experienceRefused(t *testing.T, s Stores) {
	store := s.fresh(t)
	first := learn(t, store, "a")
	for name, change := range map[string]func(*models.Experience){
		"no number": func(e *models.Experience) { e.Lessons["a"] = models.Lesson{Mean: math.NaN()} },
		"infinite":  func(e *models.Experience) { e.Calibration["a"] = models.Calibration{Error: math.Inf(1)} },
		"too many": func(e *models.Experience) {
			for i := range models.MaxLessons {
				e.Lessons[fmt.Sprint(i)] = models.Lesson{}
			}
		},
	} {
		_, err := store.Learn(within(t), change)
		code(t, name, err, models.CodeInvalid)
		knows(t, store, first)
	}
}

func experienceLasts(t *testing.T, s Stores) {
	address, ctx := s.Fresh(t), within(t)
	store, err := s.Open(ctx, address)
	if err != nil {
		t.Fatal(err)
	}
	want := learn(t, store, "a")
	if err := store.Close(ctx); err != nil {
		t.Error(err)
	}
	_, err = store.Learn(ctx, func(*models.Experience) {})
	code(t, "learn in a closed store", err, models.CodeUnavailable)
	_, err = store.Experience(ctx)
	code(t, "read a closed store", err, models.CodeUnavailable)
	knows(t, s.at(t, address), want)
}
