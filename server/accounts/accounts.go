package accounts

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"reelroom/models"
	"reelroom/server/api"
	"reelroom/server/auth"
	"reelroom/server/limits"
)

// TokenLife is how long an access token holds.
const TokenLife = 15 * time.Minute

// Store is what accounts need of the database.
type Store interface {
	models.Accounts
	models.Audit
	models.Settings
}

// Config is what the service needs.
type Config struct {
	Store Store
	// Tokens makes the access tokens.
	Tokens *auth.Own
	// Revoker ends access tokens, on every node within 2 s; Revoked tells whether
	// one would be of no use already.
	Revoker api.Revoker
	Revoked func(models.Identity) bool
	// FirstOrganization is the id of the one that the first visitor founds; ""
	// for a new id.
	FirstOrganization string
	// Open lets anybody found an organization.
	Open bool
	// PublicURL is the address that browsers see; the links of invitations begin
	// with it.
	PublicURL string
	// Limits may be nil: then nobody tries too often.
	Limits *limits.Limits
	// Logger may be nil: then nothing is logged.
	Logger *slog.Logger
}

// Accounts is the service, and an [api.Door]. It may be used by many at once.
type Accounts struct {
	Config
	hasher *hasher
	// setupCode lets its holder found the first organization.
	setupCode string
	// localTaken tells that the local organization is one of accounts.
	localTaken bool
	// localLink uses up the secret of the local admin's link.
	localLink func(r *http.Request, secret string) error
	// pageAddress is where the page of a request was opened.
	pageAddress func(*http.Request) string
}

var _ api.Door = (*Accounts)(nil)

// New reads what the installation needs for its first visitor.
func New(ctx context.Context, c Config) (*Accounts, error) {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	_, err := c.Store.Organization(ctx, models.LocalOrganization)
	if err != nil && models.CodeOf(err) != models.CodeNotFound {
		return nil, err
	}
	taken := err == nil
	hasher, err := newHasher(hashing)
	if err != nil {
		return nil, err
	}
	return &Accounts{Config: c, hasher: hasher, setupCode: codeOf(c.Tokens.Seal("setup")), localTaken: taken}, nil
}

// idPrefix begins the id of every organization that is founded here but the
// local one.
const idPrefix = "acct_"

func newOrganizationID() string { return idPrefix + models.NewID(time.Now()) }

// Reserved reports whether an organization is one of accounts: the issuer of
// tokens from elsewhere must not name it. The local one can be founded only where
// there is no such issuer.
func (a *Accounts) Reserved(org string) bool {
	return strings.HasPrefix(org, idPrefix) || a.localTaken && org == models.LocalOrganization
}

// SetupCode returns the code that founds the first organization, which is the
// same on all servers and stored by none; "" when there is an organization.
func (a *Accounts) SetupCode(ctx context.Context) (string, error) {
	founded, err := a.Store.HasUsers(ctx)
	if err != nil || founded {
		return "", err
	}
	return a.setupCode, nil
}

// Options implements [api.Accounts].
func (a *Accounts) Options(ctx context.Context) (setup, registration bool, err error) {
	founded, err := a.Store.HasUsers(ctx)
	return !founded, a.Open, err
}

// Profile implements [api.Accounts].
func (a *Accounts) Profile(ctx context.Context, who models.Identity) (p api.Profile, err error) {
	u, err := a.Store.User(ctx, who.OrganizationID, who.UserID)
	if models.CodeOf(err) == models.CodeNotFound {
		return p, nil
	}
	if err != nil {
		return p, err
	}
	o, err := a.organization(ctx, &u)
	return api.Profile{Name: u.Name, Email: u.Email, OrganizationName: o.Name, Account: true}, err
}

// organization returns the user's, and writes the one of a founder who was cut
// off in the middle of it.
func (a *Accounts) organization(ctx context.Context, u *models.User) (models.Organization, error) {
	o, err := a.Store.Organization(ctx, u.OrganizationID)
	if models.CodeOf(err) != models.CodeNotFound || u.Founder == "" {
		return o, err
	}
	o, err = a.Store.CreateOrganization(ctx, models.Organization{ID: u.OrganizationID, Name: u.Founder, Admins: []string{u.ID}})
	if models.CodeOf(err) == models.CodeConflict { // somebody else did
		return a.Store.Organization(ctx, u.OrganizationID)
	}
	return o, err
}

// audit leaves an entry. Like that of a revocation it is written right after
// what it tells of.
func (a *Accounts) audit(ctx context.Context, org string, e models.AuditEntry) {
	now := time.Now()
	e.ID, e.At = models.NewID(now), now.UTC()
	if err := a.Store.AppendAudit(ctx, org, e); err != nil {
		a.Logger.Warn("an audit entry could not be written", "organization", org, "action", e.Action, "error", err)
	}
}

// link is an address of the page whose fragment, which is sent to no server, is
// the secret. It begins with the address at which the request's page was opened,
// if that is the server's own, else with PUBLIC_URL.
func (a *Accounts) link(r *http.Request, page, secret string) string {
	return strings.TrimRight(a.pageAddress(r), "/") + page + "#" + secret
}
