package api

import (
	"net/http"

	"reelroom/models"
	"reelroom/server/library"
)

// policy answers GET /api/org/policy.
func (a *api) policy(w http.ResponseWriter, r *http.Request, who models.Identity) error {
	p, err := a.Library.Policy(r.Context(), who)
	if err != nil {
		return err
	}
	return WriteTagged(w, r, p)
}

// setPolicy answers PUT /api/org/policy. The body names the version that it
// replaces: 409 with the code policy_changed when another stands there.
func (a *api) setPolicy(w http.ResponseWriter, r *http.Request, who models.Identity) error {
	edit, err := policyEdit(w, r, who)
	if err != nil {
		return err
	}
	p, err := a.Library.SetPolicy(r.Context(), who, edit)
	if err != nil {
		return err
	}
	return Write(w, http.StatusOK, p)
}

// previewPolicy answers POST /api/org/policy/preview; it changes nothing.
func (a *api) previewPolicy(w http.ResponseWriter, r *http.Request, who models.Identity) error {
	edit, err := policyEdit(w, r, who)
	if err != nil {
		return err
	}
	p, err := a.Library.PreviewPolicy(r.Context(), who, edit)
	if err != nil {
		return err
	}
	return Write(w, http.StatusOK, p)
}

func policyEdit(w http.ResponseWriter, r *http.Request, who models.Identity) (edit library.PolicyEdit, err error) {
	if err := admin(who); err != nil { // before the body is read
		return edit, err
	}
	return edit, Decode(w, r, &edit, false)
}
