package library

import (
	"context"

	"reelroom/models"
)

// AuditListing is one page of an audit trail, newest first.
type AuditListing struct {
	Data []models.AuditEntry `json:"data"`
	// NextCursor is the place of the next page; null on the last.
	NextCursor *string `json:"nextCursor"`
}

// AuditTrail returns what was done in the organization.
func (l *Library) AuditTrail(ctx context.Context, who models.Identity, page models.AuditPage) (AuditListing, error) {
	if err := may(who, models.ActionAdmin); err != nil {
		return AuditListing{}, err
	}
	return l.trail(ctx, who.OrganizationID, page)
}

// VideoTrail returns what was done to one video, also when it was deleted;
// [models.ErrNotFound] when the organization never had it.
func (l *Library) VideoTrail(ctx context.Context, who models.Identity, id string, page models.AuditPage) (AuditListing, error) {
	if err := check(who, models.ActionEdit, id); err != nil {
		return AuditListing{}, err
	}
	page.VideoID = id
	out, err := l.trail(ctx, who.OrganizationID, page)
	if err == nil && len(out.Data) == 0 {
		err = l.everHad(ctx, who, id)
	}
	if err != nil {
		return AuditListing{}, err
	}
	return out, nil
}

// everHad returns [models.ErrNotFound] where the organization never had a video:
// there is no entry of it, and no record.
func (l *Library) everHad(ctx context.Context, who models.Identity, id string) error {
	entries, err := l.trail(ctx, who.OrganizationID, models.AuditPage{VideoID: id, Limit: 1})
	if err == nil && len(entries.Data) == 0 {
		_, err = l.record(ctx, who, models.ActionEdit, id)
	}
	return err
}

func (l *Library) trail(ctx context.Context, org string, page models.AuditPage) (AuditListing, error) {
	found, err := l.Audit.ListAudit(ctx, org, page)
	if err != nil {
		return AuditListing{}, err
	}
	out := AuditListing{Data: found.Entries}
	if out.Data == nil {
		out.Data = []models.AuditEntry{}
	}
	if found.NextCursor != "" {
		out.NextCursor = &found.NextCursor
	}
	return out, nil
}

// advance makes a member's change, and leaves its entry in the audit trail.
func (l *Library) advance(ctx context.Context, who models.Identity, id string, action models.AuditAction, t models.Transition, note string) (models.Video, error) {
	entry := models.AuditEntry{ID: models.NewID(l.now()), By: who.UserID, Action: action, Note: note}
	v, err := l.Publisher.Advance(ctx, who.OrganizationID, id, models.Audited(t, entry))
	return v, l.attempted(ctx, who, id, err)
}

// change is advance for those who want the document.
func (l *Library) change(ctx context.Context, who models.Identity, id string, action models.AuditAction, t models.Transition, note string) (models.Document, error) {
	v, err := l.advance(ctx, who, id, action, t, note)
	if err != nil {
		return models.Document{}, err
	}
	return l.document(ctx, &v), nil
}
