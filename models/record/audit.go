package record

import (
	"strings"

	"reelroom/models"
)

// AuditEntry gives an entry the form in which every database keeps it. It
// returns an error with [models.CodeInvalid] for one that names nothing.
func AuditEntry(org string, e models.AuditEntry) (models.AuditEntry, error) {
	if !models.ValidID(org) || !models.ValidID(e.ID) || e.Action == "" || e.At.IsZero() || e.VideoID != "" && !models.ValidID(e.VideoID) ||
		e.Target != "" && !models.ValidID(e.Target) || e.Count < 0 {
		return models.AuditEntry{}, models.Errorf(models.CodeInvalid, "This is not an audit entry.")
	}
	e.At = Moment(e.At)
	for _, s := range []*string{&e.Note, &e.Before.Title, &e.After.Title} {
		*s = strings.ToValidUTF8(*s, "\uFFFD")
	}
	return e, nil
}

// CutAudit makes a page of what was read, newest first, when one more than the
// page's size was asked for.
func CutAudit(page models.AuditPage, found []models.AuditEntry) models.AuditList {
	if len(found) <= page.Size() {
		return models.AuditList{Entries: found}
	}
	found = found[:page.Size()]
	last := found[len(found)-1]
	return models.AuditList{Entries: found, NextCursor: Cursor{last.At, last.ID}.String()}
}
