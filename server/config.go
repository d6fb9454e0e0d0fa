package main

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"reelroom/server/auth"
	"reelroom/server/limits"
	"reelroom/worker/backend"
)

// config is the environment of the server.
type config struct {
	backend.Config
	JWTSecret   string `env:"JWT_SECRET"`
	JWTPrevious string `env:"JWT_SECRET_PREVIOUS"`
	JWKSURL     string `env:"JWT_JWKS_URL"`
	Issuer      string `env:"JWT_ISSUER"`
	Audience    string `env:"JWT_AUDIENCE"`
	MaxDays     int    `env:"JWT_MAX_DAYS"`
	FrontendURL string `env:"FRONTEND_URL"`
	Worker      string `env:"WORKER" envDefault:"inline"`

	MaxUpload   backend.Size `env:"MAX_UPLOAD_BYTES" envDefault:"5368709120"`
	MinFreeMB   *int         `env:"MIN_FREE_MB"` // nil: a share of the disk
	MaxBatch    int          `env:"MAX_BATCH_FILES" envDefault:"1000"`
	UploadDir   string       `env:"UPLOAD_DIR"`
	UploadHours int          `env:"UPLOAD_HOURS" envDefault:"24"`
	Limits      limits.Settings
	// Accounts keeps people here who bring no issuer; Registration says who may
	// found an organization after the first.
	Accounts     string `env:"ACCOUNTS" envDefault:"on"`
	Registration string `env:"REGISTRATION" envDefault:"closed"`
	// OperatorToken lets the operator speak to every organization.
	OperatorToken string `env:"OPERATOR_TOKEN"`

	// uploadVariable names the variable that chose UploadDir.
	uploadVariable string
	// origins are those of FRONTEND_URL.
	origins []string
	// ownKey tells that no JWT_… is set: the server makes the key of its tokens
	// itself.
	ownKey bool
}

// maxDays bounds JWT_MAX_DAYS.
const maxDays = 36500

// maxBatch bounds MAX_BATCH_FILES.
const maxBatch = 100_000

// maxFreeMB bounds MIN_FREE_MB.
const maxFreeMB = 1_000_000_000

// maxUploadHours bounds UPLOAD_HOURS.
const maxUploadHours = 24 * 365

// maxLife is how long a token may live; 0 is any time.
func (c *config) maxLife() time.Duration { return time.Duration(c.MaxDays) * 24 * time.Hour }

// readConfig returns every mistake at once, each by the name of its variable.
func readConfig(values map[string]string) (*config, error) {
	c := &config{}
	wrong := backend.Read(values, c)
	wrong = append(wrong, c.Config.Validate()...)
	bad := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf(format, args...)) }
	if c.Worker != "inline" && c.Worker != "off" {
		bad("WORKER=%q is not one of inline, off", c.Worker)
	}
	if c.MaxUpload < 1 {
		bad("MAX_UPLOAD_BYTES=%d is not a number of bytes above 0", c.MaxUpload)
	}
	if c.MinFreeMB != nil && (*c.MinFreeMB < 0 || *c.MinFreeMB > maxFreeMB) {
		bad("MIN_FREE_MB=%d is not between 0 and %d", *c.MinFreeMB, maxFreeMB)
	}
	if c.MaxBatch < 1 || c.MaxBatch > maxBatch {
		bad("MAX_BATCH_FILES=%d is not between 1 and %d", c.MaxBatch, maxBatch)
	}
	if c.UploadHours < 1 || c.UploadHours > maxUploadHours {
		bad("UPLOAD_HOURS=%d is not between 1 and %d", c.UploadHours, maxUploadHours)
	}
	c.uploadVariable = "UPLOAD_DIR"
	if c.UploadDir == "" {
		c.UploadDir, c.uploadVariable = c.PartsDir(), "UPLOAD_DIR is not set, so DATA_DIR or BLOB_URL"
	} else if !filepath.IsAbs(c.UploadDir) {
		bad("UPLOAD_DIR=%q is not an absolute folder", c.UploadDir)
	}
	if c.Accounts != "on" && c.Accounts != "off" {
		bad("ACCOUNTS=%q is not one of on, off", c.Accounts)
	}
	if c.Registration != "open" && c.Registration != "closed" {
		bad("REGISTRATION=%q is not one of open, closed", c.Registration)
	}
	wrong = append(wrong, c.Limits.Validate()...)
	for _, secret := range c.secrets() {
		if len(secret) < auth.MinSecretBytes {
			bad("JWT_SECRET (or JWT_SECRET_PREVIOUS) is shorter than %d bytes", auth.MinSecretBytes)
			break
		}
	}
	if c.OperatorToken != "" && (len(c.OperatorToken) < auth.MinSecretBytes || len(c.OperatorToken) > auth.MaxTokenBytes || strings.ContainsAny(c.OperatorToken, " \t\r\n")) {
		bad("OPERATOR_TOKEN is shorter than %d bytes or longer than %d, or holds white space", auth.MinSecretBytes, auth.MaxTokenBytes)
	}
	if c.JWTPrevious != "" && c.JWTSecret == "" {
		bad("JWT_SECRET_PREVIOUS is set without JWT_SECRET")
	}
	if c.MaxDays < 0 || c.MaxDays > maxDays {
		bad("JWT_MAX_DAYS=%d is not between 1 and %d, or 0 for any", c.MaxDays, maxDays)
	}
	if c.JWKSURL != "" {
		if u, err := url.Parse(c.JWKSURL); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			bad("JWT_JWKS_URL is not an http or https address")
		}
	}
	if c.JWTSecret == "" && c.JWKSURL == "" {
		if c.MongoURI != "" {
			bad("JWT_SECRET or JWT_JWKS_URL must be set when MONGODB_URI is")
		}
		c.ownKey = true
	}
	for part := range strings.SplitSeq(c.FrontendURL, ",") {
		part = strings.TrimRight(strings.TrimSpace(part), "/")
		if part == "" {
			continue
		}
		if u, err := url.Parse(part); err != nil || u.Host == "" || u.Path != "" || u.Scheme != "http" && u.Scheme != "https" {
			bad("FRONTEND_URL holds %q, which is not an origin such as https://app.example.com", part)
			continue
		}
		c.origins = append(c.origins, part)
	}
	return c, errors.Join(wrong...)
}

// secrets returns the keys that verify; the first one signs, and a previous one
// is still good while tokens are renewed.
func (c *config) secrets() []string {
	var out []string
	for _, secret := range []string{c.JWTSecret, c.JWTPrevious} {
		if secret != "" {
			out = append(out, secret)
		}
	}
	return out
}

// embedded reports whether this is the embedded default: a server of this
// machine, which makes the key of its tokens itself.
func (c *config) embedded() bool { return c.ownKey && c.development() }

// adopt takes the port that the system chose where PORT is 0.
func (c *config) adopt(port int) {
	asked := fmt.Sprintf("http://localhost:%d", c.Port)
	c.Port = port
	if c.PublicURL == asked {
		c.PublicURL = fmt.Sprintf("http://localhost:%d", port)
	}
}
