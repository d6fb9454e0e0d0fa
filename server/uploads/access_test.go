package uploads

import (
	"bytes"
	"net/http"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/server/auth"
)

// Every entry of the door asks who comes, and on every request.
func TestEveryEntryRefuses(t *testing.T) {
	t.Parallel()
	b := newBench(t, 1)
	n, ann := b.nodes[0], tokenOf(t, "acme", "ann", models.RoleEditor)
	file := video(1000)
	path := n.begin(ann, len(file))
	who := models.Identity{UserID: "ann", OrganizationID: "acme", Role: models.RoleAdmin}
	expired, _, err := auth.Signer{Secret: testSecret}.Token(who, -time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	other, err := auth.Mint(bytes.Repeat([]byte("z"), 32), who, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	piece := []string{"Upload-Offset", "0", "Content-Type", chunkType, "Upload-Length", "1000"}
	for _, e := range []struct{ method, path string }{
		{"POST", "/api/uploads"}, {"GET", "/api/uploads"}, {"HEAD", "/api/uploads"},
		{"HEAD", path}, {"GET", path}, {"PATCH", path}, {"DELETE", path}, {"POST", path},
	} {
		for code, token := range map[models.Code]string{models.CodeTokenMissing: "", models.CodeTokenExpired: expired, models.CodeTokenInvalid: other} {
			if e.method == "HEAD" {
				code = ""
			}
			a := n.do(e.method, e.path, token, bytes.NewReader(file), append(piece, "X-HTTP-Method-Override", "")...).want(t, http.StatusUnauthorized, code)
			if a.Header.Get("WWW-Authenticate") == "" {
				t.Errorf("%s %s challenges nobody", e.method, e.path)
			}
		}
		if e.method == "GET" || e.path == "/api/uploads" && e.method == "HEAD" {
			continue // to look at the list is every member's
		}
		for _, role := range []models.Role{models.RoleViewer, models.RoleService} {
			n.do(e.method, e.path, tokenOf(t, "acme", "ann", role), bytes.NewReader(file), append(piece, "X-HTTP-Method-Override", map[bool]string{true: "PATCH"}[e.method == "POST" && e.path == path])...).
				want(t, http.StatusForbidden, "")
		}
	}
	if u, err := n.door.shelf.load("acme", lastOf(path)); err != nil || u.received != 0 {
		t.Errorf("after all refusals: %+v, %v", u, err)
	}
	if all, _ := n.door.shelf.list("acme", none); len(all) != 1 {
		t.Errorf("%d uploads were begun", len(all))
	}
}
