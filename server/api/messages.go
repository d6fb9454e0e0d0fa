package api

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"

	"reelroom/models"
	"reelroom/server/auth"
	"reelroom/server/connguard"
	"reelroom/server/library"
)

// chat answers POST /api/chat.
func (a *api) chat(w http.ResponseWriter, r *http.Request, who models.Identity) error {
	var c library.Chat
	if err := Decode(w, r, &c, false); err != nil {
		return err
	}
	said, err := a.Library.Say(r.Context(), who, c)
	if err != nil {
		return err
	}
	return Write(w, http.StatusAccepted, said)
}

// announce answers POST /api/announcements: an admin speaks to the organization.
func (a *api) announce(w http.ResponseWriter, r *http.Request, who models.Identity) error {
	if err := admin(who); err != nil {
		return err
	}
	var announcement library.Announcement
	if err := Decode(w, r, &announcement, false); err != nil {
		return err
	}
	said, err := a.Library.Announce(r.Context(), who, announcement)
	if err != nil {
		return err
	}
	return Write(w, http.StatusAccepted, said)
}

// notify answers POST /api/notifications.
func (a *api) notify(w http.ResponseWriter, r *http.Request, who models.Identity) error {
	if !who.May(models.ActionPublish) {
		return models.Errorf(models.CodeForbidden, "Your role does not permit this.")
	}
	var n library.Notification
	if err := Decode(w, r, &n, false); err != nil {
		return err
	}
	said, err := a.Library.Notify(r.Context(), who, n)
	if err != nil {
		return err
	}
	return Write(w, http.StatusAccepted, said)
}

// OperatorAnnouncement is one by the operator of the installation.
type OperatorAnnouncement struct {
	library.Announcement
	// OrganizationID is the one to be told; every one that listens when empty.
	OrganizationID string `json:"organizationId,omitempty"`
}

// announceEverywhere answers POST /api/operator/announcements.
func (a *api) announceEverywhere(w http.ResponseWriter, r *http.Request) error {
	if err := a.operator(r); err != nil {
		return err
	}
	var announcement OperatorAnnouncement
	if err := Decode(w, r, &announcement, false); err != nil {
		return err
	}
	done, err := a.Library.AnnounceEverywhere(r.Context(), announcement.OrganizationID, announcement.Announcement)
	if err != nil {
		return err
	}
	a.Logger.Info("the operator made an announcement", "requestId", entryOf(r).id, "id", done.ID, "organizations", done.Organizations)
	return Write(w, http.StatusAccepted, done)
}

// operator lets in who has the operator's token. No member's token is one, and
// it opens nothing else.
func (a *api) operator(r *http.Request) error {
	if a.OperatorToken == "" {
		return errNoRoute
	}
	token := auth.Bearer(r)
	if token == "" {
		return models.Errorf(models.CodeTokenMissing, "Authentication required")
	}
	// Hashes have one length: the time tells nothing of the token.
	given, want := sha256.Sum256([]byte(token)), sha256.Sum256([]byte(a.OperatorToken))
	if subtle.ConstantTimeCompare(given[:], want[:]) != 1 {
		return a.Limits.Failed(r, models.Errorf(models.CodeTokenInvalid, "Invalid token"))
	}
	connguard.Verified(r.Context())
	return nil
}
