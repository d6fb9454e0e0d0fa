package accounts

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"time"

	"reelroom/models"
	"reelroom/server/api"
	"reelroom/server/auth"
	"reelroom/server/connguard"
)

const (
	// sessionIdle and sessionLife end a session that was not used, or that is old.
	sessionIdle = 30 * 24 * time.Hour
	sessionLife = 90 * 24 * time.Hour
	// sessionGrace is how long a secret that was replaced is answered as if it
	// were the present one: two tabs have asked at once, or the answer was lost.
	// Later it has been copied, unless it is the last one and its successor was
	// never shown: then a laptop was closed before the answer came.
	sessionGrace = 30 * time.Second
	// sessionSettles is how long a secret that replaced another is not replaced
	// itself, so that answers which cross on their way leave the browser with one
	// that counts.
	sessionSettles = 3 * time.Second
	// maxFormer bounds the replaced secrets that are remembered.
	maxFormer = 12

	cookieName = "reelroom_session"
	cookiePath = "/api/auth"
)

// errBadCookie is what a cookie that stands for no session counts as.
var errBadCookie = models.Errorf(models.CodeTokenInvalid, "The session cookie is not valid.")

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
	a.knowDevice(w, r, &u)
	connguard.Verified(r.Context())
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
			token, expires, err := a.Tokens.Token(who, read, TokenLife)
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

// refresh answers POST /api/auth/refresh: a new token for the cookie, and a new
// cookie.
func (a *Accounts) refresh(w http.ResponseWriter, r *http.Request) error {
	t, id, ok := a.sessionOf(r)
	if !ok {
		a.clearCookie(w)
		return errSession
	}
	read := time.Now()
	next, u, err := a.rotate(context.WithoutCancel(r.Context()), t, id)
	if models.CodeOf(err) == models.CodeNotFound || models.CodeOf(err) == models.CodeSession {
		a.clearCookie(w)
		// It counts as a bad token does.
		if bad := a.Limits.Failed(r, errBadCookie); models.CodeOf(bad) == models.CodeRateLimited {
			return bad
		}
		return errSession.Because(err)
	}
	if err != nil {
		return err
	}
	answer, err := a.token(r.Context(), u, read)
	if err != nil {
		return err
	}
	if next != "" {
		a.setCookie(w, u, id+next)
	}
	connguard.Verified(r.Context())
	return api.Write(w, http.StatusOK, answer)
}

// errSettled stops a change of which nothing need be written.
var errSettled = errors.New("accounts: nothing to write")

// rotate replaces a session's secret and returns the one that counts from now
// on; "" where the browser keeps what it has. One that was replaced before the
// grace ends the session, for all who hold it.
func (a *Accounts) rotate(ctx context.Context, t ticket, id string) (next string, u models.User, err error) {
	var stolen bool
	var seen models.User
	hash := hashOf(t.secret)
	u, err = a.Store.AdvanceUser(ctx, t.org, t.owner, func(u *models.User, now time.Time) error {
		next, stolen = "", false
		u.Sessions = living(u.Sessions, now)
		i := slices.IndexFunc(u.Sessions, func(s models.Session) bool { return s.ID == id })
		if i < 0 {
			return errSession
		}
		s := &u.Sessions[i]
		if !same(s.Hash, hash) {
			back := slices.IndexFunc(s.Former, func(f models.FormerSecret) bool { return same(f.Hash, hash) })
			if back >= 0 && now.Sub(s.Former[back].At) <= sessionGrace {
				next, seen = a.walk(s, t.secret, back+1), *u
				return errSettled
			}
			if back == 0 && !s.Shown {
				// Not the same successor again: should somebody hold that one, both
				// will be found out.
				next = newSecret()
				s.Former = []models.FormerSecret{{Hash: hash, At: now}}
				s.Hash, s.RotatedAt, s.UsedAt, u.SeenAt = hashOf(next), now, now, now
				return nil
			}
			// Nobody else knows the session's id than who has held one of its cookies.
			u.Sessions, stolen = slices.Delete(u.Sessions, i, i+1), true
			return nil
		}
		if len(s.Former) > 0 && now.Sub(s.RotatedAt) < sessionSettles {
			next, seen = t.secret, *u
			if s.Shown {
				return errSettled
			}
			s.Shown = true
			return nil
		}
		next = a.successor(id, t.secret)
		former := append([]models.FormerSecret{{Hash: hash, At: now}}, s.Former...)
		former = slices.DeleteFunc(former, func(f models.FormerSecret) bool { return now.Sub(f.At) > sessionGrace })
		s.Former = former[:min(len(former), maxFormer)]
		s.Hash, s.Shown, s.RotatedAt, s.UsedAt, u.SeenAt = hashOf(next), false, now, now, now
		return nil
	})
	if errors.Is(err, errSettled) {
		return next, seen, nil
	}
	if err != nil || !stolen {
		return next, u, err
	}
	a.Logger.Warn("a session was ended: its cookie was used twice", "organization", u.OrganizationID, "user", u.ID)
	a.audit(ctx, u.OrganizationID, models.AuditEntry{Action: models.AuditReused, Target: u.ID})
	if err := a.revoke(ctx, u.OrganizationID, u.ID, ""); err != nil {
		return "", u, err
	}
	return "", u, errSession
}

// successor is the secret that replaces another: who asks twice with the same one
// gets the same.
func (a *Accounts) successor(session, secret string) string {
	return base64.RawURLEncoding.EncodeToString(a.Tokens.Seal("session", session, secret))
}

// walk goes from a replaced secret to the one that counts; "" where the keys were
// changed on the way.
func (a *Accounts) walk(s *models.Session, secret string, steps int) string {
	for range steps {
		secret = a.successor(s.ID, secret)
	}
	if !same(s.Hash, hashOf(secret)) {
		return ""
	}
	return secret
}

// SignOut ends the session of the request's cookie. See [api.Accounts].
func (a *Accounts) SignOut(w http.ResponseWriter, r *http.Request) bool {
	t, id, ok := a.sessionOf(r)
	if !ok {
		return false
	}
	a.clearCookie(w)
	found := false
	_, err := a.Store.AdvanceUser(context.WithoutCancel(r.Context()), t.org, t.owner, func(u *models.User, _ time.Time) error {
		before := len(u.Sessions)
		u.Sessions = slices.DeleteFunc(slices.Clone(u.Sessions), func(s models.Session) bool { return s.ID == id })
		found = len(u.Sessions) < before
		return nil
	})
	if err != nil && models.CodeOf(err) != models.CodeNotFound {
		a.Logger.Warn("a session could not be ended", "organization", t.org, "user", t.owner, "error", err)
	}
	return found && err == nil
}

// sessionOf reads the cookie: whose it is, the session's id and its secret.
func (a *Accounts) sessionOf(r *http.Request) (t ticket, id string, ok bool) {
	cookies := r.CookiesNamed(a.cookies().Name(cookieName))
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
	a.cookie(w, cookieName, ticket{u.OrganizationID, u.ID, secret}.String(), int(sessionIdle/time.Second))
}

func (a *Accounts) clearCookie(w http.ResponseWriter) { a.cookie(w, cookieName, "", -1) }

func (a *Accounts) cookies() auth.Cookies { return auth.Cookies(a.PublicURL) }

func (a *Accounts) cookie(w http.ResponseWriter, name, value string, age int) {
	cookie := a.cookies().New(name, value, cookiePath, http.SameSiteStrictMode)
	cookie.MaxAge = age
	http.SetCookie(w, cookie)
}
