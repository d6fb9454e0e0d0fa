//go:build !stock

package socketio

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"reelroom/models"
	"reelroom/server/auth"
)

// What stands in the place of a token and is no text is refused: it is not made
// into a text, and no header counts in its place.
func TestTokenIsText(t *testing.T) {
	t.Parallel()
	verifier, err := auth.New(t.Context(), auth.Config{Secrets: [][]byte{revokeSecret}, Explain: true})
	if err != nil {
		t.Fatal(err)
	}
	good := signedFor(t, "acme", "ann", "t1")
	for name, explain := range map[string]bool{"in development": true, "in production": false} {
		s := startServerWith(t, func([]any) {}, func(c *Config) {
			c.Explain = explain
			c.Authenticate = func(ctx context.Context, token string) (models.Identity, error) { return verifier.Verify(ctx, token) }
		})
		for said, want := range map[string]models.Code{
			`{"token":42}`: models.CodeTokenInvalid, `{"token":true}`: models.CodeTokenInvalid, `{"token":false}`: models.CodeTokenInvalid, `{"token":0}`: models.CodeTokenInvalid,
			`{"token":{}}`: models.CodeTokenInvalid, `{"token":[]}`: models.CodeTokenInvalid, `{"token":["` + good + `"]}`: models.CodeTokenInvalid,
			`{"token":{"token":"` + good + `"}}`: models.CodeTokenInvalid,
			`{"token":null}`:                     "", `{"token":""}`: "", `{}`: "", ``: "",
		} {
			url := "ws" + strings.TrimPrefix(s.URL, "http") + "/socket.io/?EIO=4&transport=websocket"
			conn, resp, err := websocket.DefaultDialer.Dial(url, http.Header{"Authorization": {"Bearer " + good}})
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			read := func() string {
				_, text, err := conn.ReadMessage()
				if err != nil {
					t.Fatalf("%s: %s: %v", name, said, err)
				}
				return string(text)
			}
			read()
			if err := conn.WriteMessage(websocket.TextMessage, []byte("40"+said)); err != nil {
				t.Fatal(err)
			}
			answer := read()
			_ = conn.Close()
			if want == "" {
				if !strings.HasPrefix(answer, "40") {
					t.Errorf("%s: %s beside a good header: %s", name, said, answer)
				}
				continue
			}
			var refused ConnectError
			rest, ok := strings.CutPrefix(answer, "44")
			if err := json.Unmarshal([]byte(rest), &refused); !ok || err != nil || refused.Message != wordsInvalid || refused.Data.Code != string(want) ||
				(refused.Data.Reason != "") != explain {
				t.Errorf("%s: %s: %s", name, said, answer)
			}
		}
	}
}
