package main

import (
	"log/slog"
	"net/netip"
	"net/url"
	"strings"
)

// development reports whether PUBLIC_URL is a loopback name: then only programs
// on this machine use the server, and a refused token is answered with the
// reason.
func (c *config) development() bool {
	u, err := url.Parse(c.PublicURL)
	if err != nil {
		return false
	}
	host := strings.ToLower(u.Hostname())
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || err == nil && ip.IsLoopback()
}

// warnOfTokens warns where tokens of an issuer are taken whatever they were made
// for (RFC 8725, sections 3.8 and 3.9).
func (c *config) warnOfTokens(logger *slog.Logger) {
	if c.local {
		return // only this server knows the secret
	}
	if c.Issuer == "" {
		logger.Warn("JWT_ISSUER is not set: a token is taken whatever its iss is")
	}
	if c.Audience == "" {
		logger.Warn("JWT_AUDIENCE is not set: a token is taken also where it was made for another service (aud)")
	}
}
