package console

import (
	"net/http"

	"reelroom/models"
	"reelroom/server/api"
)

// Routes implements [api.Door].
func (c *Console) Routes(g *api.Gate) []api.Route {
	return []api.Route{{Pattern: "GET /api/org/console", Handle: g.Member(c.show)}}
}

// show answers GET /api/org/console.
func (c *Console) show(w http.ResponseWriter, r *http.Request, who models.Identity) error {
	s, err := c.Snapshot(r.Context(), who)
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	return api.Write(w, http.StatusOK, s)
}
