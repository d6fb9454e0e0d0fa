package main

import (
	"context"
	"io"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"testing"

	"reelroom/server/documents/documentstest"
	"reelroom/worker/backend"
)

var wildcard = regexp.MustCompile(`\{([A-Za-z]+)(\.\.\.)?\}`)

// Each entry of the API is described, as an operation or as the address of a
// channel, and nothing is described that is not there.
func TestEveryRouteIsDescribed(t *testing.T) {
	t.Parallel()
	c, err := readConfig(map[string]string{"PORT": "0", "DATA_DIR": t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	logger := slog.New(slog.NewTextHandler(io.Discard, nil))
	b, err := backend.Open(t.Context(), &c.Config, logger)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	d, err := open(t.Context(), c, b, logger)
	if err != nil {
		t.Fatal(err)
	}
	defer d.sockets.Close(context.Background())
	operations, err := documentstest.Operations()
	if err != nil {
		t.Fatal(err)
	}
	channels, err := documentstest.Addresses()
	if err != nil {
		t.Fatal(err)
	}
	described := map[string]bool{}
	for _, o := range operations {
		described[o.Pattern] = true
	}
	var registered []string
	for _, pattern := range d.routes.Patterns() {
		registered = append(registered, wildcard.ReplaceAllString(strings.TrimSuffix(pattern, "/{$}"), "{$1}"))
	}
	for _, pattern := range registered {
		if address, get := cutGet(pattern); !described[pattern] && !(get && channels[address] != "") {
			t.Errorf("%s is registered and not described: add an operation to server/documents/documentsgen/entries_*.go (or, for an address of WebSockets alone, a channel) and run go generate ./server/documents", pattern)
		}
	}
	for id, o := range operations {
		if !slices.Contains(registered, o.Pattern) {
			t.Errorf("%s (%s) is described and not registered: take it out of server/documents/documentsgen/entries_*.go", o.Pattern, id)
		}
	}
	for address, id := range channels {
		if address != "/socket.io/" && !slices.Contains(registered, "GET "+address) {
			t.Errorf("the channel %s has the address %s, which is no entry", id, address)
		}
	}
}

func cutGet(pattern string) (address string, get bool) {
	if len(pattern) > 4 && pattern[:4] == "GET " {
		return pattern[4:], true
	}
	return "", false
}
