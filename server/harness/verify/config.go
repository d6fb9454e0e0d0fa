package verify

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"reelroom/server/harness/load"
)

// Tenant is an organization that is tried.
type Tenant struct {
	// ID is the organization's id, as it stands in its events.
	ID string
	// Token returns a token of one of its admins.
	Token func() (string, error)
}

// Config says what is tried, and how much. URLs and both tenants are needed.
type Config struct {
	// URLs are the addresses of the nodes.
	URLs []string
	HTTP *http.Client
	// Tenants are two organizations. The first one's events are counted.
	Tenants [2]Tenant
	// Video is one of the first tenant that events may be published for; its
	// title is changed, and changed back. Without it a tiny one is uploaded and
	// deleted in the end.
	Video string

	// Clients listen; each is sent Events in bursts, and all together are cut
	// Cuts times. Rate bounds the events in a second.
	Clients, Events, Cuts int
	Rate                  float64
	// Publishers is how many events are on the way to the server at once; 16.
	Publishers int
	// Patience is how long to wait, after an event came, for what is missing.
	Patience time.Duration
	// Note is told what is done at present; nil for nobody.
	Note func(format string, args ...any)
}

// MaxBurst is how many events are sent at once, at most.
const MaxBurst = 500

func (c Config) withDefaults() (Config, error) {
	switch {
	case len(c.URLs) == 0:
		return c, errors.New("verify: no address")
	case c.Tenants[0].ID == c.Tenants[1].ID:
		return c, fmt.Errorf("verify: both tenants are %q", c.Tenants[0].ID)
	case c.Clients < 1 || c.Events < 1 || c.Cuts < 0 || !(c.Rate > 0):
		return c, errors.New("verify: clients, events and rate must be above 0")
	}
	if c.HTTP == nil {
		c.HTTP = http.DefaultClient
	}
	if c.Publishers <= 0 {
		c.Publishers = 16
	}
	if c.Patience <= 0 {
		c.Patience = 15 * time.Second
	}
	if c.Note == nil {
		c.Note = func(string, ...any) {}
	}
	return c, nil
}

// trial is one run of [Run].
type trial struct {
	Config
	report Report
	// videos are what the events of each tenant are about.
	videos [2]string
	// resident is a client of each tenant that stays from the beginning to the
	// end, and must never see anything of the other one.
	residents [2]*watcher
}

func runID() string { return strconv.FormatUint(rand.Uint64(), 36) }

// api speaks for a tenant to one of the nodes, chosen anew.
func (t *trial) api(tenant int) load.API {
	return load.API{HTTP: t.HTTP, URL: t.URLs[rand.IntN(len(t.URLs))], Token: t.Tenants[tenant].Token}
}

// cleanTime bounds the removal of what was made.
const cleanTime = 20 * time.Second

// Run tries everything. The error is of what kept it from trying; what was
// tried and broke is in the report.
func Run(ctx context.Context, c Config) (Report, error) {
	c, err := c.withDefaults()
	if err != nil {
		return Report{}, err
	}
	t := &trial{Config: c}
	t.report.Nodes, t.report.Broken = len(c.URLs), []string{}
	begin := time.Now()
	err = t.all(ctx)
	t.clean(ctx)
	t.report.Seconds = time.Since(begin).Seconds()
	return t.report, err
}

// all tries one part after another.
func (t *trial) all(ctx context.Context) (err error) {
	for i := range t.videos {
		if t.videos[i] = t.Video; i > 0 || t.Video == "" {
			if t.videos[i], err = t.api(i).Upload(ctx, "verify"); err != nil {
				return err
			}
		}
	}
	g := t.listen(ctx)
	defer g.close()
	for i := range t.residents {
		if t.residents[i], err = g.add(i, i, "a client that stays"); err != nil {
			return err
		}
	}
	for _, part := range []struct {
		words string
		try   func(context.Context) error
	}{
		{"delivery in bursts", t.delivery}, {"cut connections", t.cuts},
		{"an acknowledgement and the events after it", t.snapshots}, {"isolation", t.isolation},
	} {
		t.Note("%s", part.words)
		if err := part.try(ctx); err != nil {
			return fmt.Errorf("%s: %w", part.words, err)
		}
	}
	return nil
}

func (t *trial) clean(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanTime)
	defer cancel()
	for i, id := range t.videos {
		if id == "" || id == t.Video {
			continue
		}
		if err := t.api(i).Delete(ctx, id); err != nil {
			t.Note("video %s stays: %v", id, err)
		}
	}
}
