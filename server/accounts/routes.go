package accounts

import (
	"net/http"

	"reelroom/models"
	"reelroom/server/api"
)

// Routes implements [api.Door].
func (a *Accounts) Routes(g *api.Gate) []api.Route {
	a.localLink, a.pageAddress = g.UseLocalLink, g.PageAddress
	// What sets or reads the cookie is for pages of this server and allowed ones
	// only, beside the cookie's own SameSite.
	ours := func(h api.Handler) api.Handler {
		return func(w http.ResponseWriter, r *http.Request) error {
			if !g.Ours(r) {
				return models.Errorf(models.CodeForbidden, "Another site may not sign in here.")
			}
			return h(w, r)
		}
	}
	return []api.Route{
		{Pattern: "POST /api/auth/register", Handle: ours(a.register)},
		{Pattern: "POST /api/auth/login", Handle: ours(a.login)},
		{Pattern: "POST /api/auth/refresh", Handle: ours(a.refresh)},
		{Pattern: "POST /api/auth/invite", Handle: ours(a.look)},
		{Pattern: "POST /api/auth/reset", Handle: ours(a.resetPassword)},
		{Pattern: "POST /api/auth/password", Handle: g.Member(a.changePassword)},
		{Pattern: "GET /api/org", Handle: g.Member(a.showOrganization)},
		{Pattern: "PATCH /api/org", Handle: g.Member(a.renameOrganization)},
		{Pattern: "GET /api/org/members", Handle: g.Member(a.members)},
		{Pattern: "PATCH /api/org/members/{userId}", Handle: g.Member(a.changeRole)},
		{Pattern: "POST /api/org/members/{userId}/reset", Handle: g.Member(a.offerReset)},
		{Pattern: "GET /api/org/invites", Handle: g.Member(a.invites)},
		{Pattern: "POST /api/org/invites", Handle: g.Member(a.invite)},
		{Pattern: "DELETE /api/org/invites/{id}", Handle: g.Member(a.withdraw)},
	}
}
