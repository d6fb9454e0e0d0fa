package main

import (
	"log/slog"

	"reelroom/server/auth"
)

// development reports whether PUBLIC_URL is a loopback name: then only programs
// on this machine use the server, and a refused token is answered with the
// reason.
func (c *config) development() bool {
	return auth.IsLoopbackURL(c.PublicURL)
}

// warnOfTokens warns where tokens of an issuer are taken whatever they were made
// for (RFC 8725, sections 3.8 and 3.9).
func (c *config) warnOfTokens(logger *slog.Logger) {
	if c.ownKey {
		return // only this server knows the secret
	}
	if c.Issuer == "" {
		logger.Warn("JWT_ISSUER is not set: a token is taken whatever its iss is")
	}
	if c.Audience == "" {
		logger.Warn("JWT_AUDIENCE is not set: a token is taken also where it was made for another service (aud)")
	}
}
