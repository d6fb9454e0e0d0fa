package api

import (
	"net/http"

	"reelroom/models"
)

// ReviewOrder is a person's decision over the machine's verdict.
type ReviewOrder struct {
	Decision models.Decision `json:"decision"`
	Note     string          `json:"note,omitempty"`
}

// review answers POST /api/videos/{id}/review with {decision, note}.
func (a *api) review(w http.ResponseWriter, r *http.Request, who models.Identity) error {
	if err := admin(who); err != nil {
		return err
	}
	var body ReviewOrder
	if err := Decode(w, r, &body, false); err != nil {
		return err
	}
	d, err := a.Library.Review(r.Context(), who, r.PathValue("id"), body.Decision, body.Note)
	if err != nil {
		return err
	}
	return Write(w, http.StatusOK, d)
}

// scores answers GET /api/videos/{id}/scores: what the classifier said of each
// frame.
func (a *api) scores(w http.ResponseWriter, r *http.Request, who models.Identity) error {
	d, err := a.Library.Scores(r.Context(), who, r.PathValue("id"))
	if err != nil {
		return err
	}
	return WriteTagged(w, r, d)
}
