//go:build !stock

package socketio

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/zishang520/engine.io/v2/types"

	"reelroom/server/auth"
	"reelroom/server/connguard"
	"reelroom/server/limits"
)

// testServer is a door behind a real listener.
type testServer struct {
	*httptest.Server
	door *Door
	hub  *fakeHub
}

// startServer starts a door with a few handlers that only tests need; note is
// called with the arguments of each event of that name.
func startServer(t testing.TB, note func(args []any)) *testServer {
	t.Helper()
	return startServerWith(t, note, func(*Config) {})
}

func startServerWith(t testing.TB, note func(args []any), change func(*Config)) *testServer {
	t.Helper()
	hub := newFakeHub()
	config := Config{
		Origins:      auth.NewOrigins(auth.OriginConfig{Allowed: []string{"https://app.example.org"}}),
		Authenticate: fakeAuth, Snapshot: fakeSnapshot(hub), Hub: hub, Commands: fakeCommands{}, Events: hub, Sessions: newFakeSessions(),
		Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	}
	change(&config)
	door := must(New(config))(t)
	door.handlers["note"] = func(_ context.Context, _ *session, args []any) any {
		note(args)
		return done{OK: true}
	}
	door.handlers["panic"] = func(context.Context, *session, []any) any { panic("on purpose") }
	door.handlers["echo"] = func(_ context.Context, _ *session, args []any) any { return args[0] }
	door.handlers["count"] = func(_ context.Context, _ *session, args []any) any { return countBytes(args) }
	door.handlers["burst"] = func(_ context.Context, client *session, args []any) any {
		for n := range int(args[0].(float64)) {
			hub.publish(crumb(client.org, n))
		}
		return nil
	}
	door.handlers["paced"] = func(_ context.Context, client *session, args []any) any {
		for n := range int(args[0].(float64)) {
			hub.publish(crumb(client.org, n))
			time.Sleep(300 * time.Microsecond)
		}
		return nil
	}
	mux := http.NewServeMux()
	network := &cutter{inner: door}
	mux.Handle("/socket.io/", network)
	server := httptest.NewUnstartedServer(guarded(config.Limits, mux))
	// A poll waits longer than any other request may take.
	server.Config.ReadTimeout, server.Config.WriteTimeout = 3*time.Second, 3*time.Second
	door.handlers["cut"] = func(_ context.Context, client *session, _ []any) any {
		network.cut(client.conn.Id())
		client.conn.Close(true) // which ends a WebSocket, too
		return nil
	}
	door.handlers["dismiss"] = func(_ context.Context, client *session, _ []any) any {
		client.dismiss(endRevoked)
		return nil
	}
	door.handlers["away"] = func(_ context.Context, client *session, _ []any) any {
		client.conn.Close(false) // as when the server stops
		return nil
	}
	server.Start()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := door.Close(ctx); err != nil {
			t.Errorf("close: %v", err)
		}
		server.CloseClientConnections()
		server.Close()
	})
	return &testServer{server, door, hub}
}

// guarded puts a handler behind a guard, as the server does.
func guarded(bounds *limits.Limits, h http.Handler) http.Handler {
	return connguard.New(connguard.Config{Limits: bounds}).Handler(h)
}

// countBytes adds up what is attached to an event.
func countBytes(value any) int {
	n := 0
	switch value := value.(type) {
	case []any:
		for _, v := range value {
			n += countBytes(v)
		}
	case map[string]any:
		for _, v := range value {
			n += countBytes(v)
		}
	case types.BufferInterface:
		n = value.Len()
	}
	return n
}
