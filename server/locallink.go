package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"reelroom/models"
	"reelroom/server/api"
	"reelroom/server/auth"
)

// localLinkFile in DATA_DIR holds the present link of the local admin, for the
// user who runs the server alone. [auth.LocalLink]'s message names it, too.
const localLinkFile = "local-link"

// localLink is the link of the local admin; nil where there is none.
type localLink struct {
	*api.Local
	address string
	path    string
	logger  *slog.Logger
	present atomic.Pointer[string]
}

// openLocalLink makes the link of this start, or takes the one of an earlier
// start away where nobody signs in by it: there are accounts, an issuer, or the
// server is not for this machine alone.
func (c *config) openLocalLink(accounts bool, logger *slog.Logger) (*localLink, error) {
	path := filepath.Join(c.DataDir, localLinkFile)
	if !c.embedded() || accounts {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
		return nil, nil
	}
	l := &localLink{address: c.PublicURL, path: path, logger: logger}
	l.Local = &api.Local{
		Signer: auth.Signer{Secret: []byte(c.JWTSecret), Issuer: c.Issuer, Audience: c.Audience},
		Link:   auth.NewLocalLink(l.keep),
	}
	return l, nil
}

// endLocalSignIn ends the tokens that earlier starts gave by a link, where nobody
// signs in by one any more. The first account ends them by itself.
func (c *config) endLocalSignIn(ctx context.Context, tokens api.Revoker) error {
	if c.embedded() {
		return nil
	}
	if _, err := os.Stat(filepath.Join(c.DataDir, localLinkFile)); err != nil {
		return nil // there was no link, or nothing can be said of it
	}
	_, err := tokens.Revoke(ctx, models.LocalOrganization, models.Revocation{
		Kind: models.RevokeUser, Subject: api.LocalUser, Until: time.Now().Add(api.LocalTTL + time.Hour),
	})
	return err
}

// keep writes a link down before it can be used. The next one after a link was
// used is in the file only.
func (l *localLink) keep(secret string) {
	link := l.address + "/#local=" + secret
	l.present.Store(&link)
	if err := writeOnce(l.path, []byte(link+"\n")); err != nil {
		l.logger.Warn("the link to sign in without an account could not be written", "file", l.path, "error", err)
	}
}

// String returns the present link; "" where there is none.
func (l *localLink) String() string {
	if l == nil {
		return ""
	}
	return *l.present.Load()
}
