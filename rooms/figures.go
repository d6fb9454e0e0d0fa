package rooms

import (
	"context"
	"strings"

	"reelroom/models"
)

// The figures of the whole installation are named by what they count and a
// word: "videos processed", "failures corrupt", "stages thumbnail", "batches
// complete", "files refused".
const (
	FigureVideos   = "videos"
	FigureFailures = "failures"
	FigureStages   = "stages"
	FigureBatches  = "batches"
	FigureFiles    = "files"
)

// Figures are those that are there from the start, by what they count. Failures
// have the codes that came up.
var Figures = map[string][]string{
	FigureVideos:   {"queued", "processed", "failed", "cancelled", "deleted"},
	FigureFailures: {},
	FigureStages:   {string(models.StageMetadata), string(models.StageThumbnail), string(models.StageSensitivity)},
	FigureBatches:  {"accepted", string(models.BatchComplete), string(models.BatchFailed), string(models.BatchCancelled)},
	FigureFiles:    {"accepted", "refused"},
}

// Counted adds to a figure.
func (p *Publisher) Counted(ctx context.Context, figure, word string, n int) {
	if p != nil && p.Count != nil && n > 0 {
		p.Count(ctx, figure+" "+word, n)
	}
}

// countVideo counts a revision that is told for the first time.
func (p *Publisher) countVideo(ctx context.Context, v *models.Video, name models.EventName) {
	switch name {
	case models.EventProgress:
		p.Counted(ctx, FigureStages, string(v.Stage), 1)
	case models.EventFailed:
		p.Counted(ctx, FigureVideos, "failed", 1)
		if v.Failure != nil {
			p.Counted(ctx, FigureFailures, string(v.Failure.Code), 1)
		}
	case models.EventQueued, models.EventProcessed, models.EventCancelled, models.EventDeleted:
		p.Counted(ctx, FigureVideos, strings.TrimPrefix(string(name), "video:"), 1)
	}
}
