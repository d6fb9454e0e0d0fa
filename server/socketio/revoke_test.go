//go:build !stock

package socketio

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/models/sqlitestore"
	"reelroom/server/auth"
)

var revokeSecret = []byte("the secret of the revocation tests, long")

// node is a server of an installation: a door, and its own list of what is
// revoked, over the store that all share.
type node struct {
	*testServer
	list *auth.Denylist
}

func startNode(t *testing.T, store models.Revocations) *node {
	t.Helper()
	list, err := auth.OpenDenylist(t.Context(), store, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := auth.New(t.Context(), auth.Config{Secrets: [][]byte{revokeSecret}, Revoked: list.Revoked})
	if err != nil {
		t.Fatal(err)
	}
	n := &node{list: list, testServer: startServerWith(t, func([]any) {}, func(c *Config) {
		c.Authenticate, c.Revoked = verifier.Verify, list.Revoked
	})}
	list.Watch(func(r models.Revocation) { n.door.Revoke(r) })
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- list.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return n
}

func openStore(t *testing.T) models.Store {
	t.Helper()
	store, err := sqlitestore.Open(t.Context(), filepath.Join(t.TempDir(), "x.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close(context.Background()) })
	return store
}

func signedFor(t *testing.T, org, user, id string) string {
	t.Helper()
	token, err := auth.Mint(revokeSecret, models.Identity{OrganizationID: org, UserID: user, Role: models.RoleViewer, TokenID: id}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// refusedAs checks that a client is not let in, and with which code.
func refusedAs(t *testing.T, s *testServer, token string, code models.Code) {
	t.Helper()
	c := dialRaw(t, s, "EIO=4&transport=websocket")
	c.expect("0{")
	c.send(connectPacket(token))
	var refused struct {
		Message string
		Data    struct{ Code models.Code }
	}
	if err := json.Unmarshal([]byte(c.expect("44")), &refused); err != nil || refused.Message != wordsInvalid || refused.Data.Code != code {
		t.Errorf("refused with %+v, %v; want %s", refused, err, code)
	}
}

// What is revoked on one node ends the sockets of another one, over WebSocket
// and polling, and bars them from coming again anywhere; nobody else is cut.
func TestRevocationReachesTheOtherNode(t *testing.T) {
	t.Parallel()
	store := openStore(t)
	a, b := startNode(t, store), startNode(t, store)
	ann := signedFor(t, "acme", "ann", "t1")
	here := connectRaw(t, a.testServer, ann)
	gone := connectRaw(t, b.testServer, signedFor(t, "acme", "ann", "t2"))
	token := signedFor(t, "acme", "bob", "t3")
	alone := connectPoll(t, b.testServer, token)
	other := connectRaw(t, b.testServer, signedFor(t, "acme", "bob", "t4"))
	foreign := connectRaw(t, b.testServer, signedFor(t, "globex", "ann", "t2"))

	began := time.Now()
	if _, err := a.list.Revoke(t.Context(), "acme", models.Revocation{Kind: models.RevokeUser, Subject: "ann"}); err != nil {
		t.Fatal(err)
	}
	here.expect("41")
	own := time.Since(began)
	here.expectEnd()
	gone.expect("41") // socket.io-client does not come again by itself
	t.Logf("a user revoked on one node: %s until its own socket is told, %s until that of the other node", own.Round(time.Millisecond), time.Since(began).Round(time.Millisecond))
	gone.expectEnd()

	began = time.Now()
	if _, err := a.list.Revoke(t.Context(), "acme", models.Revocation{Kind: models.RevokeToken, Subject: "t3"}); err != nil {
		t.Fatal(err)
	}
	if text := alone.next(); text != "41" {
		t.Errorf("the polling client got %q", text)
	}
	t.Logf("a token: %s", time.Since(began).Round(time.Millisecond))

	for _, s := range []*testServer{a.testServer, b.testServer} {
		refusedAs(t, s, ann, models.CodeTokenRevoked)
		refusedAs(t, s, token, models.CodeTokenRevoked)
	}
	// With a token from before the revocation nobody stays, and with a good one
	// everybody may.
	other.send(`421["auth:refresh",{"token":"` + token + `"}]`)
	other.expect(`431[{"ok":false,"error":{"code":"token_revoked","message":"Invalid token"}}]`)
	for _, c := range []*rawClient{other, foreign} {
		c.send(`422["video:unsubscribe","v1"]`)
		c.expect(`432[{"ok":true}]`)
	}
	connectRaw(t, b.testServer, signedFor(t, "acme", "bob", "t5"))
	if gone := b.door.Stats().Revoked; gone != 2 {
		t.Errorf("%d sockets were dismissed on the other node", gone)
	}
}

// A token that is revoked between its verification and the moment in which the
// socket can be found is refused all the same.
func TestRevokedDuringTheHandshake(t *testing.T) {
	t.Parallel()
	var revoked atomic.Bool
	s := startServerWith(t, func([]any) {}, func(c *Config) {
		c.Revoked = func(models.Identity) bool { return revoked.Load() }
		c.Authenticate = func(ctx context.Context, token string) (models.Identity, error) {
			who, err := fakeAuth(ctx, token)
			revoked.Store(who.Role == models.RoleEditor) // as soon as it was verified
			return who, err
		}
	})
	refusedAs(t, s, "a:u:editor", models.CodeTokenRevoked)
	if stats := s.door.Stats(); stats.Sockets != 0 || stats.Rooms != 0 {
		t.Errorf("left behind: %+v", stats)
	}
	c := connectRaw(t, s, "a:u:viewer")
	c.send(`421["auth:refresh",{"token":"a:u:viewer"}]`)
	c.expect(`431[{"ok":true`)
	c.send(`422["auth:refresh",{"token":"a:u:editor"}]`)
	c.expect("41")
	c.expectEnd()
}

// Sockets come and go while their user is revoked again and again: at the end
// none is left that was let in before.
func TestRevokeMeetsHandshakes(t *testing.T) {
	t.Parallel()
	n := startNode(t, openStore(t))
	token := signedFor(t, "acme", "ann", "t1")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			c := dialRaw(t, n.testServer, "EIO=4&transport=websocket")
			c.expect("0{")
			c.send(connectPacket(token))
			if text, err := c.next(); err != nil || strings.HasPrefix(text, "44") {
				return
			}
			c.expectEnd()
		})
	}
	if _, err := n.list.Revoke(t.Context(), "acme", models.Revocation{Kind: models.RevokeUser, Subject: "ann"}); err != nil {
		t.Fatal(err)
	}
	all.Wait()
}

// A session ends with the token that it was held with: who gets in again with a
// later one begins anew, and is told so. A token that was replaced in time
// takes nothing with it.
func TestRevokedSessionIsNotTakenUp(t *testing.T) {
	t.Parallel()
	list, err := auth.OpenDenylist(t.Context(), openStore(t), 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := auth.New(t.Context(), auth.Config{Secrets: [][]byte{revokeSecret}, Revoked: list.Revoked})
	if err != nil {
		t.Fatal(err)
	}
	s := startServerWith(t, func([]any) {}, func(c *Config) { c.Authenticate, c.Revoked = verifier.Verify, list.Revoked })
	list.Watch(func(r models.Revocation) { s.door.Revoke(r) })
	revoke := func(id string) {
		t.Helper()
		if _, err := list.Revoke(t.Context(), "a", models.Revocation{Kind: models.RevokeToken, Subject: id}); err != nil {
			t.Fatal(err)
		}
	}
	var r resumer
	r.connect(t, s, signedFor(t, "a", "ann", "t1"), nil)
	r.until(t, "stream:ready")
	r.conn.Close() // away while it happens
	if !r.connect(t, s, signedFor(t, "a", "ann", "t2"), nil) {
		t.Error("the session was not taken up with another token")
	}
	r.until(t, "stream:ready")
	r.send(`421["auth:refresh",{"token":"` + signedFor(t, "a", "ann", "t3") + `"}]`)
	for text := ""; !strings.HasPrefix(text, `431[{"ok":true`); {
		if text, err = r.next(); err != nil {
			t.Fatal(err)
		}
	}
	r.conn.Close()
	revoke("t1")
	revoke("t2")
	if !r.connect(t, s, signedFor(t, "a", "ann", "t3"), nil) {
		t.Error("tokens that were replaced took the session with them")
	}
	r.until(t, "stream:ready")
	r.conn.Close()
	revoke("t3")
	if r.connect(t, s, signedFor(t, "a", "ann", "t4"), nil) {
		t.Error("a revoked session was taken up")
	}
	if got := r.until(t, "stream:reset"); got["reason"] != reasonSession {
		t.Errorf("got %v", got)
	}
}
