package estimate

import (
	"context"
	"math"
	"sync"
	"time"

	"reelroom/models"
)

// Run follows one attempt at one video in this process. It may be used
// concurrently.
type Run struct {
	e *Estimator

	mu       sync.Mutex
	stage    models.Stage
	features Features
	begun    time.Time
	over     float64
	part     int // of the stage's work, the last one that was seen
	inside   []point
	samples  []sample
	promises []promise
}

// sample is one stage that this process did from its beginning to its end.
type sample struct {
	stage   models.Stage
	f       Features
	seconds float64
	pace    float64 // as it was at the beginning
	inside  []point
}

// point is the first moment at which a part of a stage's work was seen: how much
// time was over, and ln of what was left, as the rate gave it and as it was said.
type point struct {
	part         int
	elapsed      float64
	byRate, said float64
}

// promise is what was said at one place; truth is filled in at the end.
type promise struct {
	place string
	at    time.Time
	eta   models.Eta
	truth float64 // seconds
}

// Start returns a run for a video that was just taken, and that was promised
// eta when it was.
func (e *Estimator) Start(now time.Time, eta *models.Eta) *Run {
	r := &Run{e: e}
	r.promise(models.EtaAtStart, now, eta)
	return r
}

func (r *Run) promise(place string, now time.Time, eta *models.Eta) {
	if eta != nil && eta.Fits() {
		r.promises = append(r.promises, promise{place: place, at: now, eta: *eta})
	}
}

// Begin tells that a stage begins, with what was promised then.
func (r *Run) Begin(stage models.Stage, f Features, eta *models.Eta, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stage, r.features, r.begun, r.over, r.part = stage, f, now, 0, 0
	r.inside = nil
	if f.Known {
		r.promise(models.EtaKnown, now, eta)
	}
}

// At returns how long it takes from now to the outcome, when so much of the
// running stage's work is done, and the share of the stage's expected time that
// is over; that share never falls.
func (r *Run) At(fraction float64, now time.Time) (eta models.Eta, over float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stage == "" || math.IsNaN(fraction) {
		return models.Eta{Seconds: math.NaN()}, 0
	}
	m, elapsed := r.e.model(), now.Sub(r.begun).Seconds()
	eta = m.eta(r.stage, r.features, elapsed, fraction)
	if elapsed > 0 {
		r.over = max(r.over, elapsed/(elapsed+m.left(r.stage, r.features, elapsed, fraction).median()))
	}
	if part := partOf(fraction); part > r.part {
		r.part = part
		r.promise(models.EtaInside, now, &eta)
		r.inside = append(r.inside, point{
			part, elapsed,
			m.byRate(r.stage, r.features, elapsed, fraction).mu, m.left(r.stage, r.features, elapsed, fraction).mu,
		})
	}
	return eta, r.over
}

// End tells that the stage that began has ended well.
func (r *Run) End(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stage == "" {
		return
	}
	m := r.e.model()
	s := sample{r.stage, r.features, now.Sub(r.begun).Seconds(), m.pace, r.inside}
	r.stage = ""
	r.samples = append(r.samples, s)
	r.e.went(m.off(s))
}

// Complete tells that the video was completed: what its stages took is learned,
// and what was promised compared.
func (r *Run) Complete(ctx context.Context, now time.Time) {
	r.mu.Lock()
	samples, promises := r.samples, r.promises
	r.mu.Unlock()
	for _, s := range samples {
		if s.f.Known && s.stage != models.StageMetadata { // what it would have been without metadata
			s.f, s.inside = s.f.Blind(), nil
			samples = append(samples, s)
		}
	}
	for i := range promises {
		promises[i].truth = now.Sub(promises[i].at).Seconds()
	}
	r.e.learn(ctx, samples, promises)
}
