package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"reelroom/models"
	"reelroom/server/accounts"
	"reelroom/server/auth"
	"reelroom/server/limits"
	"reelroom/worker/backend"
)

// secretFile holds the secret of an installation that was given none.
const secretFile = "jwt-secret"

// ownSecret makes the secret once where the configuration has none, and keeps
// it in DATA_DIR for this user alone.
func (c *config) ownSecret() error {
	if !c.ownKey {
		return nil
	}
	path := filepath.Join(c.DataDir, secretFile)
	raw, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		raw = []byte(rand.Text() + rand.Text() + "\n") // 260 bits
		err = writeOnce(path, raw)
	}
	if err != nil {
		return fmt.Errorf("the secret in DATA_DIR: %w", err)
	}
	c.JWTSecret = strings.TrimSpace(string(raw))
	if len(c.JWTSecret) < auth.MinSecretBytes {
		return fmt.Errorf("%s is damaged: it holds less than %d bytes; remove it to have a new one made", path, auth.MinSecretBytes)
	}
	return nil
}

// openAccounts opens the accounts of the installation.
func (c *config) openAccounts(ctx context.Context, b *backend.Backend, tokens *auth.Own, denylist *auth.Denylist, bounds *limits.Limits, logger *slog.Logger) (*accounts.Accounts, error) {
	first := ""
	if c.ownKey {
		first = models.LocalOrganization
	}
	return accounts.New(ctx, accounts.Config{
		Store:   b.Store,
		Tokens:  tokens,
		Revoker: denylist, Revoked: denylist.Revoked, FirstOrganization: first, Open: c.Registration == "open",
		PublicURL: c.PublicURL, Limits: bounds, Logger: logger,
	})
}

// ownTokens are the keys of the tokens that accounts get: derived from the
// secrets that there are, else from one that is made once and kept with the
// records. Nil where there are no accounts.
func (c *config) ownTokens(ctx context.Context, settings models.Settings) (*auth.Own, error) {
	if c.Accounts == "off" {
		return nil, nil
	}
	secrets := c.secrets()
	if len(secrets) == 0 {
		secret, err := settings.Once(ctx, "accounts-secret", rand.Text()+rand.Text())
		if err != nil {
			return nil, err
		}
		secrets = append(secrets, secret)
	}
	raw := make([][]byte, 0, len(secrets))
	for _, secret := range secrets {
		raw = append(raw, []byte(secret))
	}
	return auth.NewOwn(raw...)
}

// writeOnce makes or replaces the file, whole or not at all, for this user alone.
func writeOnce(path string, data []byte) error {
	part := path + ".part"
	if err := os.Remove(part); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err // it might be readable by others
	}
	if err := os.WriteFile(part, data, 0o600); err != nil {
		return err
	}
	return os.Rename(part, path)
}
