package estimate

import (
	"context"
	"log/slog"
	"maps"
	"sync"
	"time"

	"reelroom/models"
)

const (
	// freshFor is how long what was read from the store is taken to hold.
	freshFor = 15 * time.Second
	// storeTime bounds one call of the store.
	storeTime = 3 * time.Second
	// follow is the share of a new sample in this process' pace.
	follow = 0.3
)

// Estimator is the estimator of one process. It is used by many runs at a time,
// and never waits for the store but in [Estimator.Experience] and [Run.Complete].
type Estimator struct {
	store  models.Estimates
	logger *slog.Logger

	mu         sync.Mutex
	experience models.Experience
	read       time.Time // when the store was asked last
	failed     error     // what it said then
	pace       float64   // see model
	paced      float64   // samples in it
}

// New returns an estimator over what the store's installation has learned. It
// knows nothing but the rule of thumb until [Estimator.Experience] was called.
func New(store models.Estimates, logger *slog.Logger) *Estimator {
	return &Estimator{store: store, logger: logger}
}

// Experience returns what the installation has learned, or had learned when the
// store was last asked, with the error that it gave then. The store is asked
// every few seconds at most, also while it is away.
func (e *Estimator) Experience(ctx context.Context) (models.Experience, error) {
	e.mu.Lock()
	known, failed, fresh := e.experience, e.failed, !e.read.IsZero() && time.Since(e.read) < freshFor
	e.mu.Unlock()
	if fresh {
		return known, failed
	}
	ctx, cancel := context.WithTimeout(ctx, storeTime)
	defer cancel()
	read, err := e.store.Experience(ctx)
	return e.take(read, err), err
}

// take replaces what is known by what is newer, and returns what is known now.
// What was handed out is never changed: a model reads it without a lock.
func (e *Estimator) take(read models.Experience, err error) models.Experience {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.read, e.failed = time.Now(), err
	if err == nil && read.Version >= e.experience.Version {
		e.experience = read
	}
	return e.experience
}

func (e *Estimator) model() model {
	e.mu.Lock()
	defer e.mu.Unlock()
	return model{e.experience.Lessons, e.pace}
}

// Eta is how long it takes from the beginning of the stage to the outcome.
func (e *Estimator) Eta(stage models.Stage, f Features) models.Eta {
	return e.model().eta(stage, f, 0, 0)
}

// Total is how long all the work on a video takes that waits for a worker.
func (e *Estimator) Total(f Features) models.Eta { return e.Eta(models.Stages[0], f) }

func (m model) eta(stage models.Stage, f Features, elapsed, fraction float64) models.Eta {
	return sum(append(m.rest(stage, f), m.left(stage, f, elapsed, fraction))...).eta()
}

// went takes what a stage took into the pace of this process.
func (e *Estimator) went(off float64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.paced++
	e.pace += off * max(follow, 1/(e.paced+1))
}

// learn writes samples and promises into the store.
func (e *Estimator) learn(ctx context.Context, samples []sample, promises []promise) {
	ctx, cancel := context.WithTimeout(ctx, storeTime)
	defer cancel()
	written, err := e.store.Learn(ctx, func(x *models.Experience) {
		// Each is judged by what was known before all of them.
		before := maps.Clone(x.Lessons)
		for _, s := range samples {
			model{before, s.pace}.learn(x.Lessons, s)
		}
		for _, p := range promises {
			x.Calibration[p.place] = compare(x.Calibration[p.place], p.eta, p.truth)
		}
	})
	if err != nil {
		e.logger.Debug("what a video took is not learned", "error", err)
		return
	}
	e.take(written, nil)
}
