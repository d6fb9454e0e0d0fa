package pipeline

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"reelroom/models"
	"reelroom/worker/estimate"
)

// How often percent inside a stage is published: to those who watch the video,
// and to the whole organization.
const (
	videoEvery        = 100 * time.Millisecond
	organizationEvery = 500 * time.Millisecond
	appendTime        = 2 * time.Second
)

// progress publishes the newest report of the running stage, no more often
// than it may, and never waits for the log: a stage is not slowed by it.
type progress struct {
	p       *Pipeline
	run     *estimate.Run
	publish func(context.Context, *models.Video, models.Report, models.Audience)
	wake    chan struct{}
	cancel  context.CancelFunc
	done    chan struct{}

	mu      sync.Mutex
	running bool
	video   models.Video
	latest  models.Report
	fresh   bool // nobody has seen the latest report
	owed    bool // the organization has not
}

func (p *Pipeline) newProgress(ctx context.Context, run *estimate.Run, logger *slog.Logger) *progress {
	g := newProgress(ctx, p, run, func(ctx context.Context, v *models.Video, r models.Report, to models.Audience) {
		ctx, cancel := context.WithTimeout(ctx, appendTime)
		defer cancel()
		if err := p.Publisher.Progress(ctx, v, r, to); err != nil && ctx.Err() == nil {
			logger.Debug("progress was not published", "error", err)
		}
	})
	return g
}

func newProgress(ctx context.Context, p *Pipeline, run *estimate.Run, publish func(context.Context, *models.Video, models.Report, models.Audience)) *progress {
	ctx, cancel := context.WithCancel(ctx)
	g := &progress{p: p, run: run, publish: publish, wake: make(chan struct{}, 1), cancel: cancel, done: make(chan struct{})}
	go g.loop(ctx)
	return g
}

func (g *progress) close() {
	g.cancel()
	<-g.done
}

// begin makes reports count for the stage that the record is in.
func (g *progress) begin(video models.Video) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.video, g.running, g.latest, g.fresh, g.owed = video, true, models.Report{}, false, false
	g.run.Begin(video.Stage, g.p.features(&video), video.Eta, time.Now())
}

// newer raises the revision that reports carry: what is older than the last
// one that clients saw is dropped on the way.
func (g *progress) newer(rev int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.video.Rev = max(g.video.Rev, rev)
}

// older tells whether reports carry a revision before rev.
func (g *progress) older(rev int64) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.video.Rev < rev
}

// end drops a report that was not sent yet: the next word is the record's. What
// is on its way then carries the old revision, and the log drops it after the
// record's word.
func (g *progress) end(well bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.running, g.fresh, g.owed = false, false, false
	if well {
		g.run.End(time.Now())
	}
}

// report takes what the running stage says; a fraction below an earlier one is
// raised to it.
func (g *progress) report(next models.Report) {
	g.mu.Lock()
	next.Fraction = max(min(next.Fraction, 1), g.latest.Fraction)
	changed := g.running && (next.Fraction != g.latest.Fraction || next.Message != g.latest.Message)
	if changed {
		g.latest, g.fresh = next, true
	}
	g.mu.Unlock()
	if changed {
		select {
		case g.wake <- struct{}{}:
		default:
		}
	}
}

// take returns the latest report if there is somebody to tell: anybody, or,
// when it is the organization's turn, the organization.
func (g *progress) take(turn bool) (video models.Video, r models.Report, tell bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	tell = g.running && (g.fresh || turn && g.owed)
	if tell {
		g.fresh, g.owed = false, !turn
		eta, over := g.run.At(g.latest.Fraction, time.Now())
		g.latest.Eta, g.latest.Over = &eta, over
	}
	return g.video, g.latest, tell
}

func (g *progress) loop(ctx context.Context) {
	defer close(g.done)
	var organization time.Time // when it was told last
	pause, turn := time.NewTimer(0), time.NewTimer(0)
	defer pause.Stop()
	defer turn.Stop()
	<-pause.C
	for {
		select {
		case <-ctx.Done():
			return
		case <-g.wake:
		case <-turn.C:
		}
		to := models.ToVideo
		if time.Since(organization) >= organizationEvery {
			to = models.ToOrganization
		}
		video, latest, tell := g.take(to == models.ToOrganization)
		if !tell {
			continue
		}
		if to == models.ToOrganization {
			organization = time.Now()
		}
		// What only those who watch the video have seen, the others see at their
		// turn, if nothing newer comes until then.
		turn.Reset(time.Until(organization.Add(organizationEvery)))
		g.publish(ctx, &video, latest, to)
		pause.Reset(videoEvery)
		select {
		case <-ctx.Done():
			return
		case <-pause.C:
		}
	}
}
