package main

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/models/modelstest/testenv"
	"reelroom/server/auth"
	"reelroom/server/harness/sio"
)

// tokenOf speaks for a certain user.
func (in *installation) tokenOf(org, user string) string {
	in.t.Helper()
	token, err := auth.Mint([]byte(in.secret), models.Identity{UserID: user, OrganizationID: org, Role: models.RoleViewer}, time.Hour)
	if err != nil {
		in.t.Fatal(err)
	}
	return token
}

// connect returns how the socket of a token ends, once it is connected, or with
// what it was refused.
func (in *installation) connect(token string) <-chan error {
	in.t.Helper()
	connected, ended := make(chan struct{}), make(chan error, 1)
	client := sio.New(sio.Config{
		URL: in.url, Token: func() (string, error) { return token, nil },
		OnConnect: func(sio.Session) { close(connected) },
	})
	go func() { ended <- client.Run(in.t.Context()) }()
	select {
	case <-connected:
	case err := <-ended:
		ended <- err
	case <-time.After(patience):
		in.t.Fatal("the socket did not connect")
	}
	return ended
}

// refusedAsRevoked checks that a token is good for nothing.
func (in *installation) refusedAsRevoked(token string) {
	in.t.Helper()
	var problem struct{ Code models.Code }
	if status := in.call(http.MethodGet, "/api/videos", token, nil, "", &problem); status != http.StatusUnauthorized || problem.Code != models.CodeTokenRevoked {
		in.t.Errorf("HTTP answers %d %s", status, problem.Code)
	}
	err := <-in.connect(token)
	refused, ok := errors.AsType[*sio.ConnectError](err)
	if !ok || refused.Message != "Invalid token" || refused.Code() != string(models.CodeTokenRevoked) {
		in.t.Errorf("Socket.IO answers %v", err)
	}
}

// What was revoked stays so when the server starts again, with an empty Redis.
func TestRevokedTokenDoesNotComeBack(t *testing.T) {
	t.Parallel()
	values := map[string]string{"DATA_DIR": dataDir(t), "WORKER": "off"}
	var signedOut, member, kept string
	t.Run("before", func(t *testing.T) {
		in := start(t, values)
		signedOut, member, kept = in.tokenOf("acme", "ann"), in.tokenOf("acme", "bob"), in.tokenOf("acme", "ann")
		if status := in.call(http.MethodPost, "/api/auth/logout", signedOut, nil, "", nil); status != http.StatusNoContent {
			t.Errorf("logout answered %d", status)
		}
		if status := in.call(http.MethodDelete, "/api/org/members/bob", in.token("acme", models.RoleAdmin), nil, "", nil); status != http.StatusNoContent {
			t.Errorf("removing a member answered %d", status)
		}
	})
	t.Run("after", func(t *testing.T) {
		in := start(t, values)
		in.refusedAsRevoked(signedOut)
		in.refusedAsRevoked(member)
		if status := in.call(http.MethodGet, "/api/videos", kept, nil, "", nil); status != http.StatusOK {
			t.Errorf("the other token is answered %d", status)
		}
		answer, err := http.Get(in.url + "/metrics")
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		raw, err := io.ReadAll(answer.Body)
		for _, line := range []string{"reelroom_revocations 2", "reelroom_revocations_applied_total 2", "reelroom_revocations_sockets_total 0", "reelroom_revocations_poll_age_seconds "} {
			if err != nil || !strings.Contains(string(raw), "\n"+line) {
				t.Errorf("/metrics lacks %s (%v)", line, err)
			}
		}
	})
}

// A member who is removed on one server is out of every room on the other one,
// and stays out.
func TestRemovedMemberIsOutOnEveryServer(t *testing.T) {
	t.Parallel()
	shared := map[string]string{
		"MONGODB_URI": databaseOf(testenv.Variable(t, "MONGODB_TEST_URI"), "reelroom_revoke_"+models.NewID(time.Now())), "REDIS_URL": realRedis(t),
		"JWT_SECRET": strings.Repeat("test secret ", 4), "BLOB_URL": "file://" + t.TempDir(), "WORKER": "off",
	}
	a, b := start(t, shared), start(t, shared)
	token := a.tokenOf("acme", "ann")
	here, there, foreign := a.connect(token), b.connect(token), b.connect(a.tokenOf("globex", "ann"))
	began := time.Now()
	if status := a.call(http.MethodDelete, "/api/org/members/ann", a.token("acme", models.RoleAdmin), nil, "", nil); status != http.StatusNoContent {
		t.Fatalf("answered %d", status)
	}
	for name, ended := range map[string]<-chan error{"the same server": here, "the other server": there} {
		select {
		case err := <-ended:
			if !errors.Is(err, sio.ErrServerDisconnect) {
				t.Errorf("%s: ended with %v", name, err)
			}
			t.Logf("%s: out after at most %s", name, time.Since(began).Round(time.Millisecond))
		case <-time.After(patience):
			t.Fatalf("%s: the socket stays", name)
		}
	}
	a.refusedAsRevoked(token)
	b.refusedAsRevoked(token)
	select {
	case err := <-foreign:
		t.Errorf("the user of that name elsewhere was cut: %v", err)
	default:
	}
}
