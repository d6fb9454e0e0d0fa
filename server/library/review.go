package library

import (
	"context"
	"strings"
	"unicode/utf8"

	"reelroom/models"
)

// Review puts an admin's decision over the machine's verdict, or takes it back.
// [models.ErrConflict] for a video that is not completed.
func (l *Library) Review(ctx context.Context, who models.Identity, id string, d models.Decision, note string) (models.Document, error) {
	if err := check(who, models.ActionAdmin, id); err != nil {
		return models.Document{}, err
	}
	if d != models.DecisionApprove && d != models.DecisionFlag && d != models.DecisionClear {
		return models.Document{}, models.Errorf(models.CodeInvalid, "decision must be approve, flag or clear.")
	}
	note = strings.TrimSpace(strings.ToValidUTF8(note, "\uFFFD"))
	if utf8.RuneCountInString(note) > models.MaxNoteRunes {
		return models.Document{}, models.Errorf(models.CodeInvalid, "The note is longer than %d characters.", models.MaxNoteRunes)
	}
	return l.change(ctx, who, id, models.AuditReview, models.ReviewVideo(d, note, who.UserID), note)
}

// Scores returns what the classifier said of each frame; [models.ErrNotFound]
// where that is not kept.
func (l *Library) Scores(ctx context.Context, who models.Identity, id string) (models.ScoresDocument, error) {
	v, err := l.record(ctx, who, models.ActionView, id)
	if err != nil {
		return models.ScoresDocument{}, err
	}
	if v.Sensitivity == nil || v.Sensitivity.ScoresKey == "" {
		return models.ScoresDocument{}, models.ErrNotFound
	}
	model, frames, err := models.ReadScores(ctx, l.Blobs, who.OrganizationID, v.Sensitivity.ScoresKey)
	if err != nil {
		return models.ScoresDocument{}, err
	}
	return models.ScoresDocumentOf(v, model, frames), nil
}
