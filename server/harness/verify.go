package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"reelroom/models"
	"reelroom/server/harness/verify"
)

type verifyCommand struct {
	Node    []string      `help:"Address of another node of the same installation; may be given often." placeholder:"URL"`
	Other   string        `name:"other-token" help:"Token of an admin of a second organization; needed with --token, else one is made from the secret." env:"REELROOM_OTHER_TOKEN"`
	Video   string        `help:"Publish for this video (its title changes, and changes back) instead of a tiny one that is uploaded and deleted." placeholder:"ID"`
	Clients int           `help:"How many clients listen." default:"20"`
	Events  int           `help:"How many events each of them is sent in bursts of 1 to 500." default:"2000"`
	Cuts    int           `help:"How many times their connections are cut, all together." default:"200"`
	Rate    float64       `help:"Events per second, at most 1000." default:"500"`
	Settle  time.Duration `help:"How long to wait, after an event came, for what is still missing." default:"15s"`
	Timeout time.Duration `help:"End as failed after this time." default:"5m"`
}

func (c verifyCommand) Run(a *app) error {
	switch {
	case c.Clients < 1 || c.Clients > maxSockets || c.Events < 1 || c.Events > maxCount || c.Cuts < 0 || c.Cuts > maxCount:
		return usage("--clients must be 1 to %d, --events 1 to %d, and --cuts 0 to %d", maxSockets, maxCount, maxCount)
	case !(c.Rate > 0 && c.Rate <= maxRate):
		return usage("--rate must be above 0, and at most %d", maxRate)
	case c.Settle <= 0 || c.Timeout <= 0:
		return usage("--settle and --timeout must be above 0")
	case (a.Bearer == "") != (c.Other == ""):
		return usage("--token and --other-token belong together: they speak for two organizations")
	}
	tenants, err := c.tenants(a)
	if err != nil {
		return err
	}
	late := models.Errorf(models.CodeTimeout, "not done within %s", c.Timeout)
	ctx, cancel := context.WithTimeoutCause(a.ctx, c.Timeout, late)
	defer cancel()
	report, err := verify.Run(ctx, verify.Config{
		URLs: append([]string{a.address()}, c.Node...), HTTP: a.http, Tenants: tenants, Video: c.Video,
		Clients: c.Clients, Events: c.Events, Cuts: c.Cuts, Rate: c.Rate, Patience: c.Settle, Note: a.note,
	})
	if a.JSON {
		if perr := a.print(report); err == nil {
			err = perr
		}
	} else if perr := tellVerified(a, report); err == nil {
		err = perr
	}
	if err == nil && !report.OK() {
		err = errReported
	}
	return err
}

// tenants are two organizations of the installation: those of the tokens that
// were given, or two that only this run knows.
func (c verifyCommand) tenants(a *app) (t [2]verify.Tenant, err error) {
	if a.Bearer != "" {
		for i, token := range []string{a.Bearer, c.Other} {
			t[i].Token = func() (string, error) { return token, nil }
			if t[i].ID, err = organizationOf(token); err != nil {
				return t, err
			}
		}
		return t, nil
	}
	run := runID()
	for i := range t {
		p := person{"verify", fmt.Sprintf("verify-%s-%d", run, i), models.RoleAdmin}
		t[i].ID = p.org
		t[i].Token = func() (string, error) { return a.bearer(p) }
	}
	_, err = t[0].Token()
	return t, err
}

// organizationOf reads the organization of a token without verifying it: that
// is the server's part.
func organizationOf(token string) (string, error) {
	var claims struct {
		Long  string `json:"organizationId"`
		Short string `json:"org_id"`
	}
	parts := strings.Split(token, ".")
	if len(parts) == 3 {
		if raw, err := base64.RawURLEncoding.DecodeString(parts[1]); err == nil {
			_ = json.Unmarshal(raw, &claims) // what is no object names no organization
		}
	}
	if claims.Long == "" {
		claims.Long = claims.Short
	}
	if claims.Long == "" {
		return "", models.Errorf(models.CodeTokenInvalid, "a token names no organization")
	}
	return claims.Long, nil
}

func tellVerified(a *app, r verify.Report) error {
	var b strings.Builder
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-10s "+format+"\n", append([]any{name}, args...)...)
	}
	for _, s := range []struct {
		name string
		verify.Stream
	}{{"delivery", r.Delivery}, {"resume", r.Cuts}} {
		if s.Clients == 0 {
			continue
		}
		line(s.name, "%d clients, %d events, %d deliveries: %d lost, %d double, %d out of order; %s", s.Clients, s.Events, s.Deliveries, s.Lost, s.Doubles, s.Disorder, spread(s.Latency))
		if s.Cuts > 0 {
			line("", "%d cuts, %d resumed, %d resets", s.Stream.Cuts, s.Resumed, s.Resets)
		}
	}
	line("snapshot", "%d clients came to the present state", r.Snapshots)
	line("isolation", "%d questions about another organization's video", r.Probes)
	line("time", "%.1f s on %d node(s)", r.Seconds, r.Nodes)
	for _, words := range r.Broken {
		line("broken", "%s", clean(words, false))
	}
	if r.More > 0 {
		line("broken", "and %d more", r.More)
	}
	_, err := fmt.Fprint(a.out, b.String())
	return err
}
