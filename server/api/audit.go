package api

import (
	"net/http"

	"reelroom/models"
)

// maxAction is longer than the name of any action.
const maxAction = 64

// auditTrail answers GET /api/org/audit?limit=&after=&action=&by=, newest first.
func (a *api) auditTrail(w http.ResponseWriter, r *http.Request, who models.Identity) error {
	page, err := auditPageOf(r)
	if err != nil {
		return err
	}
	listing, err := a.Library.AuditTrail(r.Context(), who, page)
	if err != nil {
		return err
	}
	return WriteTagged(w, r, listing)
}

// videoTrail answers GET /api/videos/{id}/audit in the same way.
func (a *api) videoTrail(w http.ResponseWriter, r *http.Request, who models.Identity) error {
	page, err := auditPageOf(r)
	if err != nil {
		return err
	}
	listing, err := a.Library.VideoTrail(r.Context(), who, r.PathValue("id"), page)
	if err != nil {
		return err
	}
	return WriteTagged(w, r, listing)
}

func auditPageOf(r *http.Request) (models.AuditPage, error) {
	q := r.URL.Query()
	page, err := pageOf(q)
	out := models.AuditPage{Limit: page.Limit, After: page.After, Action: models.AuditAction(q.Get("action")), By: q.Get("by")}
	if err == nil && (out.By != "" && !models.ValidID(out.By) || len(out.Action) > maxAction) {
		err = models.Errorf(models.CodeInvalid, "by must be a user's id, and action the name of one.")
	}
	return out, err
}
