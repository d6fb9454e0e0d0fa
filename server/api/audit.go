package api

import (
	"net/http"

	"reelroom/models"
)

// auditTrail answers GET /api/org/audit?limit=&after=, newest first.
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
	page, err := pageOf(r.URL.Query())
	return models.AuditPage{Limit: page.Limit, After: page.After}, err
}
