package main

import (
	"net/http"

	"reelroom/models"
	"reelroom/server/accounts"
	"reelroom/server/api"
	"reelroom/server/library"
	"reelroom/worker/health"
)

var outsideEntries = []operation{
	{
		pattern: "POST /api/events", id: "publishEvent", tag: "Events", access: publisher, summary: "Publish an event for a video",
		words: "The door of an outside worker, for videos of its own organization. `video:progress` and `video:updated` are events; `video:processed` and `video:failed` end the video's work. Idempotent by `id`. Several events, up to 500 and 1 MiB, are taken in order, each by itself.",
		body:  &body{value: library.Publication{}, many: true}, answers: []answer{{status: http.StatusAccepted, value: library.Receipt{}, many: api.EventReceipts{}}},
		codes: []models.Code{models.CodeConflict, models.CodeUnsettled, models.CodeUnsupported, models.CodeStorageFull, models.CodeNotFound},
	},
	{
		pattern: "POST /api/chat", id: "say", tag: "Events", access: member, summary: "Say something to the organization",
		words: "Everybody there hears `chat:message`. Idempotent by `id`, which is the member's own.",
		body:  takes(library.Chat{}), answers: []answer{accepts(library.Said{})},
	},
	{
		pattern: "POST /api/notifications", id: "notify", tag: "Events", access: publisher, summary: "Tell one user something",
		words: "Only that user hears `notification:personal`. Whether there is such a user is not said. Idempotent by `id`.",
		body:  takes(library.Notification{}), answers: []answer{accepts(library.Said{})},
	},
	{
		pattern: "POST /api/announcements", id: "announce", tag: "Events", access: admin, summary: "Announce something to the organization",
		words: "Everybody there hears `server:announcement`. Idempotent by `id`.",
		body:  takes(library.Announcement{}), answers: []answer{accepts(library.Said{})},
	},
	{
		pattern: "POST /api/operator/announcements", id: "announceEverywhere", tag: "Events", access: operator, summary: "Announce something to every organization that listens",
		words: "Or to the one that is named. `not_found` where no `OPERATOR_TOKEN` is set.",
		body:  takes(api.OperatorAnnouncement{}), answers: []answer{accepts(library.Announced{})},
		codes: []models.Code{models.CodeNotFound, models.CodeUnsupported},
	},
}

var organizationEntries = []operation{
	{
		pattern: "GET /api/org/policy", id: "getPolicy", tag: "Organization", access: member, summary: "The thresholds that hold",
		params: conditional(), answers: tagged(models.Policy{}),
	},
	{
		pattern: "PUT /api/org/policy", id: "setPolicy", tag: "Organization", access: admin, summary: "Replace the thresholds",
		words: "The body names the version that it replaces.",
		body:  takes(library.PolicyEdit{}), answers: []answer{gives(models.Policy{})},
		codes: []models.Code{models.CodePolicyChanged, models.CodeUnsettled},
	},
	{
		pattern: "POST /api/org/policy/preview", id: "previewPolicy", tag: "Organization", access: admin, summary: "What other thresholds would change",
		words: "Nothing is changed by asking.",
		body:  takes(library.PolicyEdit{}), answers: []answer{gives(models.PolicyPreview{})},
	},
	{
		pattern: "GET /api/org/audit", id: "getAudit", tag: "Organization", access: admin, summary: "Who did what in the organization",
		words:  "Newest first. A `nextCursor` holds with other filters, too.",
		params: conditional(append(pageParams[:len(pageParams):len(pageParams)], auditParams...)...), answers: tagged(library.AuditListing{}),
	},
	{
		pattern: "GET /api/org/console", id: "getConsole", tag: "Organization", access: admin, summary: "What runs for the organization now",
		words:   "Its connections over all servers, its work and who does it, latency, limits in use, and the last ten minutes. At most a second old: ask every 2 seconds. What could not be had in time is named in `missing`.",
		answers: []answer{gives(models.Console{})},
	},
	{
		pattern: "GET /api/org", id: "getOrganization", tag: "Organization", access: member, summary: "The organization",
		words:   "Its name is empty where its members come from another issuer.",
		answers: []answer{gives(accounts.Organization{})},
	},
	{
		pattern: "PATCH /api/org", id: "renameOrganization", tag: "Organization", access: admin, summary: "Rename the organization",
		body: takes(accounts.OrganizationEdit{}), answers: []answer{gives(accounts.Organization{})}, codes: []models.Code{models.CodeNotFound},
	},
	{
		pattern: "GET /api/org/members", id: "listMembers", tag: "Organization", access: member, summary: "Who has an account",
		words:  "In the order in which they came. Who comes with a token of another issuer is not listed.",
		params: pageParams, answers: []answer{gives(accounts.MemberList{})},
	},
	{
		pattern: "PATCH /api/org/members/{userId}", id: "changeRole", tag: "Organization", access: admin, summary: "Change a member's role",
		words: "The member's tokens end, everywhere within 2 seconds; the session goes on and gets one with the new role.",
		body:  takes(accounts.MemberEdit{}), answers: []answer{gives(accounts.Member{})},
		codes: []models.Code{models.CodeNotFound, models.CodeLastAdmin, models.CodeRevocationsFull},
	},
	{
		pattern: "POST /api/org/members/{userId}/reset", id: "offerReset", tag: "Organization", access: admin, summary: "Make a link for a new password",
		words:   "It is good for one time, within 24 hours.",
		answers: []answer{creates(accounts.ResetLink{})}, codes: []models.Code{models.CodeNotFound},
	},
	{
		pattern: "GET /api/org/invites", id: "listInvites", tag: "Organization", access: admin, summary: "The open invitations",
		words:   "The newest first.",
		answers: []answer{gives(accounts.InviteList{})},
	},
	{
		pattern: "POST /api/org/invites", id: "invite", tag: "Organization", access: admin, summary: "Invite somebody",
		words: "The answer holds the link, which is told once and good for one time, within 7 days. With `email` it is for that address alone.",
		body:  takes(accounts.InviteOrder{}), answers: []answer{creates(accounts.Invite{})},
		codes: []models.Code{models.CodeUnsupported},
	},
	{
		pattern: "DELETE /api/org/invites/{id}", id: "withdrawInvite", tag: "Organization", access: admin, summary: "Withdraw an invitation",
		answers: []answer{nothing("The link is of no use any more.")}, codes: []models.Code{models.CodeNotFound},
	},
	{
		pattern: "DELETE /api/org/members/{userId}", id: "removeMember", tag: "Organization", access: admin, summary: "Remove a member",
		words:   "All tokens that the user has in the organization end, everywhere within 2 seconds. A user that nobody has seen is answered alike.",
		answers: []answer{nothing("The user is out.")}, codes: []models.Code{models.CodeRevocationsFull, models.CodeInvalid, models.CodeLastAdmin},
	},
}

var identityEntries = []operation{
	{
		pattern: "GET /api/auth/me", id: "getMe", tag: "Identity", access: member, summary: "Who the token speaks for",
		answers: []answer{gives(api.User{})},
	},
	{
		pattern: "POST /api/tickets", id: "issueTicket", tag: "Identity", access: member, summary: "Get a one-time ticket",
		words:   "For what cannot send a header, as an `EventSource` or a `WebSocket` of a browser: `?ticket=` in the URL of a stream, once, within 30 seconds.",
		answers: []answer{creates(api.Ticket{})}, codes: []models.Code{models.CodeUnsupported},
	},
	{
		pattern: "POST /api/auth/logout", id: "logout", tag: "Identity", access: member, summary: "End this token",
		answers: []answer{nothing("The token is of no use any more.")}, codes: []models.Code{models.CodeRevocationsFull, models.CodeInvalid},
	},
	{
		pattern: "POST /api/auth/revocations", id: "revoke", tag: "Identity", access: admin, summary: "End a token, or all of a user",
		body: takes(api.RevocationOrder{}), answers: []answer{accepts(api.Revocation{}), nothing("The token has expired: nothing is left to be done.")},
		codes: []models.Code{models.CodeRevocationsFull},
	},
	{
		pattern: "POST /api/auth/register", id: "register", tag: "Identity", access: anybody, summary: "Make an account",
		words: "By the secret of an invitation; or as the first, who founds the organization, with the setup code that the server prints at its start; or, where `REGISTRATION=open`, with an organization of its own. The answer sets the cookie that renews the token.",
		body:  takes(accounts.Registration{}), answers: []answer{creates(api.LocalSession{})},
		codes: []models.Code{models.CodeForbidden, models.CodeSetupCode, models.CodeEmailTaken, models.CodeInvite, models.CodeConflict},
	},
	{
		pattern: "POST /api/auth/login", id: "login", tag: "Identity", access: anybody, summary: "Sign in with an account",
		words: "An unknown address and a wrong password have one answer. The token lives for 15 minutes; the cookie that is set renews it.",
		body:  takes(accounts.Credentials{}), answers: []answer{gives(api.LocalSession{})},
		codes: []models.Code{models.CodeForbidden, models.CodeCredentials},
	},
	{
		pattern: "POST /api/auth/refresh", id: "refresh", tag: "Identity", access: anybody, summary: "Renew the token",
		words:   "By the cookie of a sign-in, which is replaced at each use; one that comes back later ends the session.",
		answers: []answer{gives(api.LocalSession{})}, codes: []models.Code{models.CodeForbidden, models.CodeSession},
	},
	{
		pattern: "POST /api/auth/invite", id: "readInvite", tag: "Identity", access: anybody, summary: "What an invitation is for",
		body: takes(accounts.InviteSecret{}), answers: []answer{gives(accounts.Invitation{})},
		codes: []models.Code{models.CodeForbidden, models.CodeInvite},
	},
	{
		pattern: "POST /api/auth/reset", id: "resetPassword", tag: "Identity", access: anybody, summary: "Choose a new password by a link",
		words: "Every session of the account ends; the answer begins another.",
		body:  takes(accounts.NewPassword{}), answers: []answer{gives(api.LocalSession{})},
		codes: []models.Code{models.CodeForbidden, models.CodeInvite, models.CodeConflict},
	},
	{
		pattern: "POST /api/auth/password", id: "changePassword", tag: "Identity", access: member, summary: "Change one's own password",
		words: "Every other session and every token of the account ends; the answer goes on with new ones.",
		body:  takes(accounts.PasswordChange{}), answers: []answer{gives(api.LocalSession{})},
		codes: []models.Code{models.CodeNotFound, models.CodeConflict, models.CodeSession, models.CodeRevocationsFull},
	},
	{
		pattern: "GET /api/auth/options", id: "getSignInOptions", tag: "Identity", access: anybody, summary: "The ways to sign in",
		answers: []answer{gives(api.SignInOptions{})},
	},
	{
		pattern: "POST /api/auth/local", id: "signInLocal", tag: "Identity", access: anybody, summary: "Sign in as the local admin",
		words: "Takes the secret behind `#local=` in the link that a server without an issuer prints at its start, and keeps in the file `local-link` in its data folder. " +
			"It is good for one use, while there is no account, for the server's own page on a loopback address.",
		body: takes(api.LocalSecret{}), answers: []answer{gives(api.LocalSession{})},
		codes: []models.Code{models.CodeForbidden, models.CodeLocalLink, models.CodeRateLimited},
	},
}

var serverEntries = []operation{
	{
		pattern: "GET /healthz", id: "getHealth", tag: "Server", access: anybody, summary: "Whether it is alive",
		answers: []answer{gives(health.Alive{})},
	},
	{
		pattern: "GET /readyz", id: "getReadiness", tag: "Server", access: anybody, summary: "Whether this process can serve",
		words:   "The state of the shared services stands in the answer, but decides about its status with `deep=1` only: without them, uploads are still taken and done later.",
		params:  []param{{name: "deep", words: "1 asks whether the services that it shares with others can be used as well; 0 is the default.", kind: 0}},
		answers: []answer{gives(health.Readiness{}), {status: http.StatusServiceUnavailable, words: "The server is stopping or, with deep=1, a service that it shares cannot be used.", value: health.Readiness{}, headers: []string{"Retry-After"}}},
	},
	{
		pattern: "GET /metrics", id: "getMetrics", tag: "Server", access: anybody, summary: "Figures for Prometheus",
		answers: []answer{{status: http.StatusOK, media: []string{"text/plain"}}}, codes: []models.Code{models.CodeNotFound},
	},
	{
		pattern: "GET /api/openapi.json", id: "getOpenAPI", tag: "Server", access: anybody, summary: "This document",
		params: conditional(), answers: []answer{{status: http.StatusOK, media: []string{"application/json"}, headers: []string{"ETag"}}, unchanged},
	},
	{
		pattern: "GET /api/asyncapi.json", id: "getAsyncAPI", tag: "Server", access: anybody, summary: "The document of the doors with events",
		params: conditional(), answers: []answer{{status: http.StatusOK, media: []string{"application/json"}, headers: []string{"ETag"}}, unchanged},
	},
}
