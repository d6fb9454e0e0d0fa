package pipeline

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"reelroom/models"
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
	p      *Pipeline
	logger *slog.Logger
	wake   chan struct{}
	cancel context.CancelFunc
	done   chan struct{}

	mu      sync.Mutex
	running bool
	video   models.Video
	latest  models.Report
	fresh   bool
}

func (p *Pipeline) newProgress(ctx context.Context, logger *slog.Logger) *progress {
	ctx, cancel := context.WithCancel(ctx)
	g := &progress{p: p, logger: logger, wake: make(chan struct{}, 1), cancel: cancel, done: make(chan struct{})}
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
	g.video, g.running, g.latest, g.fresh = video, true, models.Report{}, false
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

// end drops a report that was not sent yet: the next word is the record's.
func (g *progress) end() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.running, g.fresh = false, false
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

func (g *progress) take() (models.Video, models.Report, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	fresh := g.fresh
	g.fresh = false
	return g.video, g.latest, fresh
}

func (g *progress) loop(ctx context.Context) {
	defer close(g.done)
	var lastOrganization time.Time
	pause := time.NewTimer(0)
	defer pause.Stop()
	<-pause.C
	for {
		select {
		case <-ctx.Done():
			return
		case <-g.wake:
		}
		video, latest, fresh := g.take()
		if !fresh {
			continue
		}
		to, now := models.ToVideo, time.Now()
		if now.Sub(lastOrganization) >= organizationEvery {
			to, lastOrganization = models.ToOrganization, now
		}
		g.publish(ctx, &video, latest, to)
		pause.Reset(videoEvery)
		select {
		case <-ctx.Done():
			return
		case <-pause.C:
		}
	}
}

func (g *progress) publish(ctx context.Context, video *models.Video, r models.Report, to models.Audience) {
	ctx, cancel := context.WithTimeout(ctx, appendTime)
	defer cancel()
	err := g.p.Publisher.Progress(ctx, video, r, to)
	if err != nil && ctx.Err() == nil {
		g.logger.Debug("progress was not published", "error", err)
	}
}
