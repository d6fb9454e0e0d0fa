package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"reelroom/frontend"
	"reelroom/models"
	"reelroom/rooms/redislog"
	"reelroom/server/accounts"
	"reelroom/server/api"
	"reelroom/server/auth"
	"reelroom/server/connguard"
	"reelroom/server/console"
	"reelroom/server/library"
	"reelroom/server/limits"
	"reelroom/server/socketio"
	"reelroom/server/sse"
	"reelroom/server/stream"
	"reelroom/server/uploads"
	"reelroom/server/ws"
	"reelroom/worker/backend"
	"reelroom/worker/health"
)

// doors is what strangers reach.
type doors struct {
	handler  http.Handler
	guard    *connguard.Guard
	sockets  *socketio.Door
	routes   *api.API
	streams  *stream.Streams
	ws       *ws.Door
	leaving  atomic.Bool
	denylist *auth.Denylist
	videos   *library.Library
	uploads  *uploads.Door
	console  *console.Console
	accounts *accounts.Accounts // nil where there are none
	peers    *redislog.Peers
	health   *health.Checker
	// setupCode is "" where somebody has an account.
	setupCode string
	local     *localLink // nil where nobody signs in by it
}

// open builds every door on one library and one verifier.
func open(ctx context.Context, c *config, b *backend.Backend, logger *slog.Logger) (*doors, error) {
	if err := c.ownSecret(); err != nil {
		return nil, err
	}
	secrets := make([][]byte, 0, 2)
	for _, secret := range c.secrets() {
		secrets = append(secrets, []byte(secret))
	}
	denylist, err := auth.OpenDenylist(ctx, b.Store, c.maxLife(), logger)
	if err != nil {
		return nil, fmt.Errorf("read what is revoked: %w", err)
	}
	own, err := c.ownTokens(ctx, b.Store)
	if err != nil {
		return nil, fmt.Errorf("the key of accounts: %w", err)
	}
	bounds := limits.New(c.Limits, logger)
	var people *accounts.Accounts
	var known api.Accounts
	var reserved func(string) bool
	setupCode := ""
	if own != nil {
		if people, err = c.openAccounts(ctx, b, own, denylist, bounds, logger); err != nil {
			return nil, fmt.Errorf("open the accounts: %w", err)
		}
		known, reserved = people, people.Reserved
		if setupCode, err = people.SetupCode(ctx); err != nil {
			return nil, err
		}
	}
	if err := c.endLocalSignIn(ctx, denylist); err != nil {
		return nil, fmt.Errorf("end the sign-in without an account: %w", err)
	}
	local, err := c.openLocalLink(people != nil && setupCode == "", logger)
	if err != nil {
		return nil, fmt.Errorf("the link to sign in, in DATA_DIR: %w", err)
	}
	var signIn *api.Local
	if local != nil {
		signIn = local.Local
	}
	origins := auth.NewOrigins(auth.OriginConfig{PublicURL: c.PublicURL, Allowed: c.origins, Loopback: c.embedded(), Logger: logger})
	verifier, err := auth.New(ctx, auth.Config{
		Own: own, Secrets: secrets, JWKSURL: c.JWKSURL, Issuer: c.Issuer, Audience: c.Audience, MaxLife: c.maxLife(),
		Reserved: reserved, Revoked: denylist.Revoked, Logger: logger, Explain: c.development(),
	})
	if err != nil {
		return nil, err
	}
	c.warnOfTokens(logger)
	videos := &library.Library{
		Store: b.Store, Policies: b.Store, Audit: b.Store, Batches: b.Store, Blobs: b.Blobs, Queue: b.Queue, Publisher: b.Publisher, Log: b.Log, Links: b.Links,
		Positions: b.Queue, Listening: b.Log.Listening, MaxUpload: int64(c.MaxUpload), MaxBatch: c.MaxBatch, Logger: logger,
		Admit: func(ctx context.Context, org string) error { return bounds.Queue(ctx, b.Store, org) },
	}
	videos.Arrivals = &library.Arrivals{Log: b.Log, Logger: logger}
	if videos.Capacity, err = c.openCapacity(b); err != nil {
		return nil, err
	}
	parts, err := uploads.New(uploads.Config{
		Library: videos, Limits: bounds, Capacity: videos.Capacity, Dir: c.UploadDir, Life: time.Duration(c.UploadHours) * time.Hour, Logger: logger,
	})
	if err != nil {
		return nil, fmt.Errorf("%s: open the folder of uploads: %w", c.uploadVariable, err)
	}
	ages, meter := newAges(), console.NewMeter()
	b.Hub.Tap(meter.Events)
	sockets, err := socketio.New(socketio.Config{
		Origins: origins, Authenticate: verifier.Verify, Explain: c.development(), Revoked: denylist.Revoked,
		Hub: b.Hub, Events: b.Log, Sessions: b.Log, Logger: logger,
		Snapshot: func(ctx context.Context, who models.Identity, id string) (any, string, error) {
			return videos.Snapshot(ctx, who, id)
		},
		Commands: commands{videos}, Limits: bounds,
		Say: func(ctx context.Context, who models.Identity, text, id string) (string, string, error) {
			said, err := videos.Say(ctx, who, library.Chat{Text: text, ID: id})
			return said.ID, said.Cursor, err
		},
		Delivered: func(org string, sockets int, age time.Duration) {
			meter.Socket(org, sockets, age)
			if age >= 0 {
				ages.Observe(age.Seconds())
			}
		},
	})
	if err != nil {
		return nil, err
	}
	streams := stream.New(stream.Config{Hub: b.Hub, Events: b.Log, Revoked: denylist.Revoked, Limits: bounds, Delivered: meter.Delivered, Logger: logger})
	denylist.Watch(func(r models.Revocation) {
		if n, m := sockets.Revoke(r), streams.Revoke(r); n+m > 0 {
			logger.Info("clients were dismissed, as their token was revoked", "organization", r.OrganizationID, "kind", r.Kind, "sockets", n, "streams", m)
		}
	})
	raw := ws.New(ws.Config{Library: videos, Batches: videos, Streams: streams, Limits: bounds, Logger: logger})
	d := &doors{sockets: sockets, streams: streams, ws: raw, denylist: denylist, videos: videos, uploads: parts, setupCode: setupCode, local: local}
	d.peers = b.Log.Peers(func(org string) []byte { return d.console.Answer(org) })
	d.console = console.New(console.Config{
		Sockets: sockets, Streams: streams, Queue: b.Queue, Store: b.Store, Peers: d.peers, Meter: meter, Limits: bounds, Uploads: parts.Usage, Logger: logger,
	})
	checks := b.Ready()
	checks["disk"] = videos.Capacity.Check
	d.health = &health.Checker{Serving: d.serving, Shared: checks, Logger: logger}
	tickets := &auth.Tickets{Store: b.Log, Key: b.Links.Key, Revoked: denylist.Revoked}
	entries := []api.Door{&sse.Door{Library: videos, Streams: streams}, raw, parts, d.console}
	if people != nil {
		d.accounts, entries = people, append(entries, people)
	}
	routes := api.New(api.Config{
		Accounts: known,
		Library:  videos, Verify: verifier.Verify, Inspect: verifier.Inspect, Revoker: denylist, Links: b.Links, Origins: origins, Local: signIn,
		Tickets: tickets, PublicURL: c.PublicURL, OperatorToken: c.OperatorToken, Doors: entries,
		Health: d.health, Metrics: metrics(b, d.health, sockets, streams, raw, ages, bounds, denylist, videos), Limits: bounds, Logger: logger,
	})
	d.routes = routes
	d.handler = c.strictTransport(&root{sockets: sockets, routes: routes, page: frontend.Handler(routes.NotFound)})
	d.guard = connguard.New(connguard.Config{Limits: bounds, Problem: api.EncodeProblem, Probes: []string{"/healthz", "/readyz"}, Logger: logger})
	return d, nil
}

// watched lists the organizations of which somebody here follows a video.
func (d *doors) watched() []string { return append(d.sockets.Watched(), d.streams.Watched()...) }

// errLeaving keeps new requests away from a server that is stopping.
var errLeaving = errors.New("the server is stopping")

// serving reports whether the server is there to stay.
func (d *doors) serving() error {
	if d.leaving.Load() {
		return errLeaving
	}
	return nil
}

// drain sends the clients away: first one by one, then who is left.
func (d *doors) drain(ctx context.Context) {
	var streams sync.WaitGroup
	streams.Go(func() { d.streams.Drain(ctx) })
	d.uploads.Leave()
	d.sockets.Drain(ctx)
	streams.Wait()
	d.ws.Wait(ctx)
	_ = d.sockets.Close(ctx) // the process ends anyhow
}

// commands lets a socket do what HTTP can.
type commands struct{ *library.Library }

func (c commands) Cancel(ctx context.Context, who models.Identity, id string) (any, string, error) {
	return c.then(ctx, who, id, func() error { _, err := c.Library.Cancel(ctx, who, id); return err })
}

func (c commands) Retry(ctx context.Context, who models.Identity, id string) (any, string, error) {
	return c.then(ctx, who, id, func() error { _, err := c.Library.Retry(ctx, who, id, false); return err })
}

// then answers a change with the state after it, and the cursor of that state.
func (c commands) then(ctx context.Context, who models.Identity, id string, change func() error) (any, string, error) {
	if err := change(); err != nil {
		return nil, "", err
	}
	return c.Snapshot(ctx, who, id)
}
