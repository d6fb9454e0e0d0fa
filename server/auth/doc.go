// Package auth says who a bearer token speaks for: JSON Web Tokens (RFC 7519)
// verified by the rules of RFC 8725, with shared secrets, with the key set of
// an outside issuer, or both.
package auth
