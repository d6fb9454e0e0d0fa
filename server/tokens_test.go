package main

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

func TestDevelopmentIsOnThisMachine(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"http://localhost:5000": true, "http://127.0.0.1:5000": true, "http://[::1]:5000": true, "https://LOCALHOST": true, "http://app.localhost:5000": true, "http://127.9.9.9": true,
		"https://example.com": false, "http://localhost.example.com": false, "http://192.168.0.1:5000": false, "http://0.0.0.0:5000": false, "http://10.0.0.1": false, "": false, "::": false,
	} {
		c := &config{}
		c.PublicURL = address
		if c.development() != want {
			t.Errorf("%q: not %v", address, want)
		}
	}
}

func TestUncheckedClaimsAreWarnedOf(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		config config
		want   []string
	}{
		"own secret":     {config{ownKey: true}, nil},
		"neither":        {config{}, []string{"JWT_ISSUER", "JWT_AUDIENCE"}},
		"issuer alone":   {config{Issuer: "us"}, []string{"JWT_AUDIENCE"}},
		"audience alone": {config{Audience: "reelroom"}, []string{"JWT_ISSUER"}},
		"both":           {config{Issuer: "us", Audience: "reelroom"}, nil},
	} {
		var log bytes.Buffer
		c.config.warnOfTokens(slog.New(slog.NewTextHandler(&log, nil)))
		if strings.Count(log.String(), "level=WARN") != len(c.want) {
			t.Errorf("%s: %s", name, log.String())
		}
		for _, variable := range c.want {
			if !strings.Contains(log.String(), variable+" is not set") {
				t.Errorf("%s: no word of %s in %s", name, variable, log.String())
			}
		}
	}
}
