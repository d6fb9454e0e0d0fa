package pipeline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"reelroom/models"
	"reelroom/rooms"
	"reelroom/worker/classifier"
	"reelroom/worker/estimate"
	"reelroom/worker/ffmpeg"
)

// step is one stage: it works on the job and returns how the record changes.
type step struct {
	stage models.Stage
	run   func(*Pipeline, context.Context, *job) (apply func(*models.Video), err error)
}

// steps is the pipeline, in the order of [models.Stages]; the last is for some
// videos only.
var steps = []step{
	{models.StageMetadata, (*Pipeline).metadata},
	{models.StageThumbnail, (*Pipeline).thumbnail},
	{models.StageSensitivity, (*Pipeline).sensitivity},
	{models.StageRendition, (*Pipeline).rendition},
}

// Pipeline holds what the stages need. It is used by many tasks at a time.
type Pipeline struct {
	// Worker names this process in leases.
	Worker     string
	Videos     models.Videos
	Policies   models.Policies
	Publisher  *rooms.Publisher
	Blobs      models.Blobs
	Log        rooms.Log
	Hub        *rooms.Hub
	Tools      *ffmpeg.Tools
	Classifier classifier.Classifier
	Estimator  *estimate.Estimator
	// Renditions is what is made for browsers.
	Renditions models.Renditions
	// WorkDir holds one folder a running job; it is made when missing.
	WorkDir string
	Logger  *slog.Logger

	sweep sync.Once
}

var errNoRoom = models.Errorf(models.CodeStorageFull, "The server has no room to work on this video.").Again(0)

// job is one video being worked on.
type job struct {
	video  models.Video
	source string // path of the uploaded file
	dir    string // a folder of its own, removed at the end
	report func(models.Report)
	seen   *seenBefore
}

// errPoison tells that the video was given up, as it has crashed its workers.
var errPoison = models.Errorf(models.CodePoison, "The video was given up after crashes.")

// Process works on one task until the video has its outcome, another worker
// holds it, or ctx ends: then the lease is released and ctx's error returned,
// so that the task comes again. [models.ErrNotFound], [models.ErrConflict],
// [models.ErrLeased] and an error of [models.CodePoison] tell that there was
// nothing to do; [models.ErrAlone], that the task must come again with Alone set.
func (p *Pipeline) Process(ctx context.Context, t models.Task) error {
	org, id := t.OrganizationID, t.VideoID
	// Nothing stands before this: who watches sees within 100 ms that it begins.
	claim := models.Claim(p.Worker, t.Attempt)
	if t.Alone {
		claim = models.ClaimAlone(p.Worker, t.Attempt)
	}
	video, err := p.Publisher.Advance(ctx, org, id, p.promising(claim))
	switch {
	case errors.Is(err, models.ErrNotFound), errors.Is(err, models.ErrConflict), errors.Is(err, models.ErrLeased):
		return err // nothing to do, or somebody does it; the reconciler looks again
	case err != nil:
		return err
	case video.Status.Terminal():
		return errPoison
	case video.Lease.Worker != p.Worker:
		return models.ErrLeased // it rests before its last run
	}
	logger := p.Logger.With("organization", org, "video", id, "attempt", video.Attempt, "fence", video.Fence)
	started, promised := time.Now(), video.Eta
	stage, lost, err := p.watched(ctx, &video, logger)
	switch {
	case err == nil:
		logger.Info("video processed", "seconds", time.Since(started).Seconds(),
			"promised", promised)
		return nil
	case lost:
		logger.Info("work stopped: the video was taken over, or its work was ended by somebody else", "stage", stage)
		p.survived(ctx, &video, logger)
		return nil
	case ctx.Err() != nil:
		p.giveBack(ctx, &video, models.Release(video.Fence), logger)
		return ctx.Err()
	}
	return p.fail(ctx, &video, stage, err, logger)
}

// watched works on the video under a guard, and tells whether the video was
// lost to somebody else meanwhile. A panic becomes an error.
func (p *Pipeline) watched(ctx context.Context, video *models.Video, logger *slog.Logger) (stage models.Stage, lost bool, err error) {
	progress := p.newProgress(ctx, p.Estimator.Start(time.Now(), video.Eta), logger)
	defer progress.close()
	working, stop := p.guard(ctx, video, progress, logger)
	defer stop()
	defer func() {
		if r := recover(); r != nil {
			logger.Error("a stage panicked", "panic", r, "stack", string(debug.Stack()))
			stage, err = video.Stage, models.Errorf(models.CodeInternal, "Something went wrong on the server.").Because(fmt.Errorf("panic: %v", r))
		}
	}()
	stage, err = p.work(working, video, progress, logger)
	return stage, errors.Is(context.Cause(working), models.ErrStale) || errors.Is(err, models.ErrStale), err
}

// work runs the unfinished stages and returns the one it was in.
func (p *Pipeline) work(ctx context.Context, video *models.Video, progress *progress, logger *slog.Logger) (models.Stage, error) {
	source, release, err := p.Blobs.Local(ctx, video.OrganizationID, video.File.Key)
	if errors.Is(err, models.ErrNotFound) {
		return video.Stage, models.Errorf(models.CodeSourceLost, "The uploaded file is no longer there.").Because(err)
	}
	if err != nil {
		return video.Stage, err
	}
	defer release()
	dir, err := p.workDir()
	if err != nil {
		return video.Stage, errNoRoom.Because(err)
	}
	defer os.RemoveAll(dir)
	seen := &seenBefore{}
	defer seen.close()
	for _, s := range steps {
		if s.stage != video.Stage {
			continue
		}
		started := time.Now()
		progress.begin(*video)
		apply, err := s.run(p, ctx, &job{video: *video, source: source, dir: dir, report: progress.report, seen: seen})
		progress.end(err == nil)
		if err != nil {
			return s.stage, err
		}
		next, err := p.advance(ctx, video, p.promising(models.FinishStage(video.Fence, s.stage, apply)))
		if errors.Is(err, models.ErrNotFound) { // deleted
			err = models.ErrStale
		}
		if err != nil {
			return s.stage, err
		}
		logger.Info("stage finished", "stage", s.stage, "seconds", time.Since(started).Seconds())
		*video = next
	}
	// The guard has ended ctx, perhaps: nobody holds the video now.
	progress.run.Complete(context.WithoutCancel(ctx), time.Now())
	return video.Stage, nil
}
