package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/golang-jwt/jwt/v5"

	"reelroom/server/api"
	"reelroom/server/socketio"
)

// signs makes a token of claims as they are written, with an exp.
func (in *installation) signs(claims string) string {
	in.t.Helper()
	text := fmt.Sprintf(`{"exp":%d,%s}`, time.Now().Add(time.Hour).Unix(), claims)
	encode := base64.RawURLEncoding.EncodeToString
	body := encode([]byte(`{"alg":"HS256"}`)) + "." + encode([]byte(text))
	signature, err := jwt.SigningMethodHS256.Sign(body, []byte(in.secret))
	if err != nil {
		in.t.Fatal(err)
	}
	return body + "." + encode(signature)
}

// connects returns the reply to a Socket.IO CONNECT with this auth.
func (in *installation) connects(auth string) string {
	in.t.Helper()
	conn, _, err := websocket.Dial(in.t.Context(), "ws"+strings.TrimPrefix(in.url, "http")+"/socket.io/?EIO=4&transport=websocket", nil)
	if err != nil {
		in.t.Fatal(err)
	}
	defer conn.CloseNow() //nolint:errcheck // the reply was read
	if _, _, err := conn.Read(in.t.Context()); err != nil {
		in.t.Fatal(err)
	}
	if err := conn.Write(in.t.Context(), websocket.MessageText, []byte("40"+auth)); err != nil {
		in.t.Fatal(err)
	}
	_, reply, err := conn.Read(in.t.Context())
	if err != nil {
		in.t.Fatal(err)
	}
	return string(reply)
}

func text(s string) string {
	raw, _ := json.Marshal(s) // a text
	return string(raw)
}

// Integers are ids; what cannot be one is refused over every transport, and a
// developer is told why while the server is on this machine alone.
func TestIdsOfIssuers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		variables map[string]string
		explained bool
	}{
		"embedded":                {map[string]string{"WORKER": "off"}, true},
		"own secret, development": {map[string]string{"WORKER": "off", "JWT_SECRET": strings.Repeat("test-secret-", 4)}, true},
		"own secret, production":  {map[string]string{"WORKER": "off", "JWT_SECRET": strings.Repeat("test-secret-", 4), "PUBLIC_URL": "https://videos.example.com"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if !c.explained { // start tells PUBLIC_URL, so the port must be known before
				l, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				_, port, _ := net.SplitHostPort(l.Addr().String())
				c.variables["PORT"] = port
				if err := l.Close(); err != nil {
					t.Fatal(err)
				}
			}
			in := start(t, c.variables)
			if !c.explained {
				in.url = "http://127.0.0.1:" + c.variables["PORT"]
			}
			number := in.signs(`"userId":42,"organizationId":7,"role":"editor"`)
			var me api.User
			if status := in.call(http.MethodGet, "/api/auth/me", number, nil, "", &me); status != http.StatusOK || me.UserID != "42" || me.OrganizationID != "7" {
				t.Errorf("integers: %d %+v", status, me)
			}
			if reply := in.connects(`{"token":` + text(number) + `}`); !strings.HasPrefix(reply, "40") {
				t.Errorf("integers over Socket.IO: %s", reply)
			}
			for claims, reason := range map[string]string{
				`"userId":"ann","organizationId":"x\ud800"`:                       "organizationId is not an id: it holds U+FFFD",
				`"userId":"ann","organizationId":"x\ufffd"`:                       "organizationId is not an id: it holds U+FFFD",
				`"userId":"a b","organizationId":"acme"`:                          "userId is not an id: it holds white space",
				`"userId":42.0,"organizationId":"acme"`:                           "userId is not an id",
				`"userId":"` + strings.Repeat("x", 129) + `","org_id":"acme"`:     "longer than 128 bytes",
				`"userId":"ann","organizationId":"acme","organizationId":"other"`: "two members",
			} {
				token := in.signs(claims)
				if !c.explained {
					reason = ""
				}
				for _, path := range []string{"/api/auth/me", "/api/videos", "/api/events?after=", "/api/jobs/x/stream"} {
					var p api.Problem
					status := in.call(http.MethodGet, path, token, nil, "", &p)
					if status != http.StatusUnauthorized || p.Code != "token_invalid" || p.Detail != "Invalid token" || !strings.Contains(p.Reason, reason) || (p.Reason == "") == c.explained {
						t.Errorf("%s on %s: %d %+v", claims, path, status, p)
					}
				}
				var refused socketio.ConnectError
				reply, ok := strings.CutPrefix(in.connects(`{"token":`+text(token)+`}`), "44")
				if err := json.Unmarshal([]byte(reply), &refused); !ok || err != nil || refused.Message != "Invalid token" || refused.Data.Code != "token_invalid" ||
					!strings.Contains(refused.Data.Reason, reason) || (refused.Data.Reason == "") == c.explained {
					t.Errorf("%s over Socket.IO: %s", claims, reply)
				}
			}
			admin := in.signs(`"userId":"ann","organizationId":"acme","role":"admin"`)
			for path, body := range map[string]string{
				"/api/notifications": `{"userId":"x\ud800","message":"m"}`, "/api/auth/revocations": `{"userId":"x\ufffd"}`,
			} {
				if status := in.call(http.MethodPost, path, admin, strings.NewReader(body), "application/json", nil); status != http.StatusBadRequest {
					t.Errorf("%s %s: %d", path, body, status)
				}
			}
			for _, id := range []string{"x\uFFFD", "x\xed\xa0\x80", "x\x00", "a b"} {
				if status := in.call(http.MethodGet, "/api/videos/"+url.PathEscape(id), admin, nil, "", nil); status != http.StatusNotFound {
					t.Errorf("a video called %q: %d", id, status)
				}
			}
		})
	}
}
