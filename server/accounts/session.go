package accounts

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"reelroom/models"
	"reelroom/server/api"
)

const (
	// sessionIdle and sessionLife end a session that was not used, or that is old.
	sessionIdle = 30 * 24 * time.Hour
	sessionLife = 90 * 24 * time.Hour
	// sessionGrace is how long the secret before the present one renews without
	// being replaced: two tabs may ask at once, and share one cookie.
	sessionGrace = 30 * time.Second

	cookieName = "reelroom_session"
	cookiePath = "/api/auth"
)

var errSession = models.Errorf(models.CodeSession, "Your session has ended. Please sign in again.")

// begin opens a session of the user and answers with a token.
func (a *Accounts) begin(w http.ResponseWriter, r *http.Request, u models.User, status int) error {
	secret, id := newSecret(), models.NewID(time.Now())
	read := time.Now()
	u, err := a.Store.AdvanceUser(r.Context(), u.OrganizationID, u.ID, func(u *models.User, now time.Time) error {
		u.Sessions = append(living(u.Sessions, now), models.Session{ID: id, Hash: hashOf(secret), RotatedAt: now, CreatedAt: now, UsedAt: now})
		if len(u.Sessions) > models.MaxSessions {
			oldest := slices.MinFunc(u.Sessions, func(a, b models.Session) int { return a.UsedAt.Compare(b.UsedAt) })
			u.Sessions = slices.DeleteFunc(u.Sessions, func(s models.Session) bool { return s.ID == oldest.ID })
		}
		u.SeenAt = now
		return nil
	})
	if err != nil {
		return err
	}
	answer, err := a.token(r.Context(), u, read)
	if err != nil {
		return err
	}
	a.setCookie(w, u, id+secret)
	return api.Write(w, status, answer)
}

// living leaves out what has ended.
func living(sessions []models.Session, now time.Time) []models.Session {
	return slices.DeleteFunc(slices.Clone(sessions), func(s models.Session) bool {
		return now.Sub(s.UsedAt) > sessionIdle || now.Sub(s.CreatedAt) > sessionLife
	})
}

// token signs the user's rights as they were read after the given moment: what
// took one of them away later has revoked the token by that moment. Where one
// was taken away in the same second, it waits for the next and reads again.
func (a *Accounts) token(ctx context.Context, u models.User, read time.Time) (api.LocalSession, error) {
	for range 4 {
		o, err := a.organization(ctx, &u)
		if err != nil {
			return api.LocalSession{}, err
		}
		who := models.Identity{UserID: u.ID, OrganizationID: u.OrganizationID, Role: o.RoleOf(&u), IssuedAt: read.Truncate(time.Second)}
		if !a.Revoked(who) {
			token, expires, err := a.Signer.Token(who, TokenLife)
			if err != nil {
				return api.LocalSession{}, err
			}
			who.ExpiresAt = expires
			user := api.UserOf(who)
			user.Profile = api.Profile{Name: u.Name, Email: u.Email, OrganizationName: o.Name, Account: true}
			return api.LocalSession{Token: token, ExpiresAt: expires.UTC(), User: user}, nil
		}
		next := time.NewTimer(time.Until(time.Now().Truncate(time.Second).Add(time.Second)))
		select {
		case <-next.C:
		case <-ctx.Done():
			next.Stop()
			return api.LocalSession{}, errBusy.Because(ctx.Err())
		}
		read = time.Now()
		if u, err = a.Store.User(ctx, u.OrganizationID, u.ID); err != nil {
			return api.LocalSession{}, errSession.Because(err)
		}
	}
	return api.LocalSession{}, errBusy
}

// refresh answers POST /api/auth/refresh: a new token for the cookie, and mostly
// a new cookie. The one before the present one counts as long as that was never
// shown, as its answer may have been lost; any other means that somebody has a
// copy, and ends the session.
func (a *Accounts) refresh(w http.ResponseWriter, r *http.Request) error {
	if err := a.Limits.Suspended(r); err != nil {
		return err
	}
	t, id, ok := sessionOf(r)
	if !ok {
		a.clearCookie(w)
		return errSession
	}
	fresh, hash := newSecret(), hashOf(t.secret)
	var rotated, stolen bool
	read := time.Now()
	u, err := a.Store.AdvanceUser(r.Context(), t.org, t.owner, func(u *models.User, now time.Time) error {
		rotated, stolen = false, false
		u.Sessions = living(u.Sessions, now)
		i := slices.IndexFunc(u.Sessions, func(s models.Session) bool { return s.ID == id })
		if i < 0 {
			return errSession
		}
		s := &u.Sessions[i]
		switch {
		case same(s.Hash, hash):
			s.Before, s.Hash, s.RotatedAt, rotated = s.Hash, hashOf(fresh), now, true
		case same(s.Before, hash) && now.Sub(s.RotatedAt) <= sessionGrace:
		case same(s.Before, hash):
			s.Hash, s.RotatedAt, rotated = hashOf(fresh), now, true
		default:
			u.Sessions, stolen = slices.Delete(u.Sessions, i, i+1), true
			return nil
		}
		s.UsedAt, u.SeenAt = now, now
		return nil
	})
	if models.CodeOf(err) == models.CodeNotFound || models.CodeOf(err) == models.CodeSession {
		a.clearCookie(w)
		return errSession.Because(err)
	}
	if err != nil {
		return err
	}
	if stolen {
		a.Logger.Warn("a session was ended: its cookie was used twice", "organization", u.OrganizationID, "user", u.ID)
		a.clearCookie(w)
		return errSession
	}
	answer, err := a.token(r.Context(), u, read)
	if err != nil {
		return err
	}
	if rotated {
		a.setCookie(w, u, id+fresh)
	}
	return api.Write(w, http.StatusOK, answer)
}

// SignOut ends the session of the request's cookie, if it has one.
func (a *Accounts) SignOut(w http.ResponseWriter, r *http.Request) {
	t, id, ok := sessionOf(r)
	if !ok {
		return
	}
	a.clearCookie(w)
	hash := hashOf(t.secret)
	_, err := a.Store.AdvanceUser(context.WithoutCancel(r.Context()), t.org, t.owner, func(u *models.User, _ time.Time) error {
		u.Sessions = slices.DeleteFunc(u.Sessions, func(s models.Session) bool {
			return s.ID == id && (same(s.Hash, hash) || same(s.Before, hash))
		})
		return nil
	})
	if err != nil && models.CodeOf(err) != models.CodeNotFound {
		a.Logger.Warn("a session could not be ended", "organization", t.org, "user", t.owner, "error", err)
	}
}

// sessionOf reads the cookie: whose it is, the session's id and its secret.
func sessionOf(r *http.Request) (t ticket, id string, ok bool) {
	cookies := r.CookiesNamed(cookieName)
	if len(cookies) != 1 {
		return t, "", false
	}
	t, ok = parseTicket(cookies[0].Value)
	const idLength = 26 // see models.NewID
	if !ok || len(t.secret) <= idLength {
		return t, "", false
	}
	id, t.secret = t.secret[:idLength], t.secret[idLength:]
	return t, id, true
}

func (a *Accounts) setCookie(w http.ResponseWriter, u models.User, secret string) {
	a.cookie(w, ticket{u.OrganizationID, u.ID, secret}.String(), int(sessionIdle/time.Second))
}

func (a *Accounts) clearCookie(w http.ResponseWriter) { a.cookie(w, "", -1) }

func (a *Accounts) cookie(w http.ResponseWriter, value string, age int) {
	http.SetCookie(w, &http.Cookie{
		Name: cookieName, Value: value, Path: cookiePath, MaxAge: age,
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: strings.HasPrefix(a.PublicURL, "https://"),
	})
}
