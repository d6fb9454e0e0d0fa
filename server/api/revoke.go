package api

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"reelroom/models"
)

// revokeTime bounds one revocation, which goes on when the client has gone.
const revokeTime = 5 * time.Second

// Revoker ends tokens before their time.
type Revoker interface {
	// Revoke has ended them here when it returns, and everywhere within 2 s.
	Revoke(ctx context.Context, org string, r models.Revocation) (models.Revocation, error)
}

// Revocation is how one is shown to an admin.
type Revocation struct {
	Kind    models.RevocationKind `json:"kind"`
	UserID  string                `json:"userId,omitempty"`
	TokenID string                `json:"tokenId,omitempty"`
	At      time.Time             `json:"revokedAt"`
	// Until is when it is forgotten, as the token has expired; null for never.
	Until *time.Time `json:"until"`
	By    string     `json:"revokedBy"`
}

func revocationOf(r models.Revocation) Revocation {
	out := Revocation{Kind: r.Kind, At: r.At, By: r.By}
	if r.Kind == models.RevokeUser {
		out.UserID = r.Subject
	} else {
		out.TokenID = r.Subject
	}
	if r.Until.Before(models.Forever) {
		out.Until = &r.Until
	}
	return out
}

// RevocationOrder names what is revoked, by exactly one of its fields.
type RevocationOrder struct {
	// UserID ends all tokens that the user has in the organization.
	UserID string `json:"userId,omitempty"`
	// TokenID is a token's jti.
	TokenID string `json:"tokenId,omitempty"`
	Token   string `json:"token,omitempty"`
}

// revoke answers POST /api/auth/revocations with {userId}, {tokenId} or
// {token}: 202 and the revocation, which holds on this server and soon on all;
// 204 for a token that has expired, where nothing is left to be done.
func (a *api) revoke(w http.ResponseWriter, r *http.Request, who models.Identity) error {
	if err := admin(who); err != nil {
		return err
	}
	var asked RevocationOrder
	if err := Decode(w, r, &asked, false); err != nil {
		return err
	}
	var what models.Revocation
	switch {
	case asked.UserID != "" && asked.TokenID+asked.Token == "":
		what = models.Revocation{Kind: models.RevokeUser, Subject: asked.UserID}
	case asked.TokenID != "" && asked.UserID+asked.Token == "":
		what = models.Revocation{Kind: models.RevokeToken, Subject: asked.TokenID}
	case asked.Token != "" && asked.UserID+asked.TokenID == "":
		held, err := a.Inspect(r.Context(), asked.Token)
		if models.CodeOf(err) == models.CodeTokenExpired {
			w.WriteHeader(http.StatusNoContent)
			return nil
		}
		if models.CodeOf(err) == models.CodeUnavailable {
			return err
		}
		if err != nil || held.OrganizationID != who.OrganizationID {
			return models.Errorf(models.CodeInvalid, "This is not a token of this organization.").Because(err)
		}
		what = bearerOf(held)
	default:
		return models.Errorf(models.CodeInvalid, "Exactly one of userId, tokenId and token is needed.")
	}
	done, err := a.end(r, who, what)
	if err != nil {
		return err
	}
	return Write(w, http.StatusAccepted, revocationOf(done))
}

// logout answers POST /api/auth/logout: the token that it was called with is of
// no use any more, and neither is the session that the cookie stands for.
func (a *api) logout(w http.ResponseWriter, r *http.Request) error {
	out := a.gate.Member(func(_ http.ResponseWriter, r *http.Request, who models.Identity) error {
		_, err := a.end(r, who, bearerOf(who))
		return err
	})(w, r)
	// A page that was away comes with a token that has expired: only its session
	// is left to be ended.
	if a.Accounts != nil && (out == nil || models.CodeOf(out) == models.CodeTokenExpired) && a.gate.Ours(r) && a.Accounts.SignOut(w, r) {
		out = nil
	}
	if out != nil {
		return out
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// removeMember answers DELETE /api/org/members/{userId}: nobody is in the
// organization by a token that the user has now. A user that nobody has seen
// is answered alike.
func (a *api) removeMember(w http.ResponseWriter, r *http.Request, who models.Identity) error {
	if err := admin(who); err != nil {
		return err
	}
	if a.Accounts != nil {
		if err := a.Accounts.Remove(context.WithoutCancel(r.Context()), who, r.PathValue("userId")); err != nil {
			return err
		}
	}
	if _, err := a.end(r, who, models.Revocation{Kind: models.RevokeUser, Subject: r.PathValue("userId")}); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// end revokes in the organization of who asks, and in no other.
func (a *api) end(r *http.Request, who models.Identity, what models.Revocation) (models.Revocation, error) {
	what.By = who.UserID
	// A page that signs out on its way does not wait for the answer.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), revokeTime)
	defer cancel()
	done, err := a.Revoker.Revoke(ctx, who.OrganizationID, what)
	if err == nil {
		a.Library.Revoked(ctx, who, done)
		a.Logger.LogAttrs(r.Context(), slog.LevelInfo, "revoked", slog.String("requestId", entryOf(r).id),
			slog.String("organization", who.OrganizationID), slog.String("by", who.UserID),
			slog.String("kind", string(what.Kind)), slog.String("subject", what.Subject))
	}
	return done, err
}

func bearerOf(who models.Identity) models.Revocation {
	return models.Revocation{Kind: models.RevokeToken, Subject: who.TokenID, Until: who.ExpiresAt}
}

func admin(who models.Identity) error {
	if !who.May(models.ActionAdmin) {
		return models.Errorf(models.CodeForbidden, "Your role does not allow this.")
	}
	return nil
}
