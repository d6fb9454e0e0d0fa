package socketio

import (
	"net/http"

	"reelroom/server/api"
	"reelroom/server/auth"
)

// cors is what a page may send to Socket.IO.
var cors = auth.CORS{Methods: "GET, POST", RequestHeaders: "Authorization, Content-Type"}

// admitsPage lets in the pages that [auth.Origins] admits. It answers a preflight,
// and any other page with a problem, which it can read.
func (d *Door) admitsPage(w http.ResponseWriter, r *http.Request) bool {
	answered, err := d.config.Origins.Admit(w, r, cors)
	switch {
	case answered:
		return false
	case err != nil:
		w.Header().Set("Connection", "close")
		api.Refuse(w, err)
		return false
	case r.Method == http.MethodOptions:
		w.WriteHeader(http.StatusNoContent)
		return false
	}
	return true
}
