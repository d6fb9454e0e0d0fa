package api

import (
	"net/http"

	"reelroom/models"
	"reelroom/worker/health"
)

func (a *api) healthz(w http.ResponseWriter, _ *http.Request) error {
	return Write(w, http.StatusOK, health.Living())
}

// readyz tells whether this process can serve; with deep=1, whether the shared
// services can be used as well.
func (a *api) readyz(w http.ResponseWriter, r *http.Request) error {
	ask := a.Health.Ready
	switch r.URL.Query().Get("deep") {
	case "", "0":
	case "1":
		ask = a.Health.Deep
	default:
		return models.Errorf(models.CodeInvalid, "deep is 0 or 1.")
	}
	out, good := ask(r.Context())
	status := http.StatusOK
	if !good {
		status = http.StatusServiceUnavailable
		w.Header().Set("Retry-After", "1")
	}
	return Write(w, status, out)
}
