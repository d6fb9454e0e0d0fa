package main

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/models/modelstest/testenv"
	"reelroom/server/auth"
	"reelroom/server/documents/documentstest"
)

// caller calls a running server, and holds every answer to the documents.
type caller struct {
	*installation
	mu    sync.Mutex
	seen  map[string]map[int]bool    // statuses, by operation
	codes map[string]map[string]bool // of problems, by operation
}

// got is an answer read to its end.
type got struct {
	status int
	header http.Header
	body   []byte
}

func (g got) into(t testing.TB, status int, value any) {
	t.Helper()
	if g.status != status {
		t.Fatalf("%d %s, want %d", g.status, g.body, status)
	}
	if value != nil {
		if err := json.Unmarshal(g.body, value); err != nil {
			t.Fatal(err)
		}
	}
}

func (c *caller) ask(method, path, token, body string, header ...string) got {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.absolute(path), strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	operation, code, err := documentstest.Answer(answer, raw)
	if err != nil {
		c.t.Error(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen[operation] == nil {
		c.seen[operation], c.codes[operation] = map[int]bool{}, map[string]bool{}
	}
	c.seen[operation][answer.StatusCode] = true
	if code != "" {
		c.codes[operation][code] = true
	}
	return got{answer.StatusCode, answer.Header, raw}
}

func (c *caller) absolute(path string) string {
	if strings.HasPrefix(path, "/") {
		return c.url + path
	}
	return path
}

func (c *caller) json(method, path, token, body string, header ...string) got {
	c.t.Helper()
	return c.ask(method, path, token, body, append(header, "Content-Type", "application/json")...)
}

// form makes the body of an upload of files with one content.
func form(t testing.TB, field string, data []byte, names ...string) (body, kind string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, name := range names {
		part, err := w.CreateFormFile(field, name)
		if err == nil {
			_, err = part.Write(data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String(), w.FormDataContentType()
}

// A server does what its documents say: each operation succeeds as declared, is
// refused as declared, and each event comes as declared.
func TestServerIsAsItsDocumentsSay(t *testing.T) {
	t.Parallel()
	c := &caller{seen: map[string]map[int]bool{}, codes: map[string]map[string]bool{}}
	c.installation = start(t, map[string]string{"FFMPEG": testenv.Program(t, "ffmpeg"), "WORKER_CONCURRENCY": "1", "LIMIT_ADDRESS_FAILURES": "0", "OPERATOR_TOKEN": operatorToken})
	e := c.follow()
	c.succeed(e)
	e.check(t)
	c.refuse()
	operations, err := documentstest.Operations()
	if err != nil {
		t.Fatal(err)
	}
	shown, all := 0, 0
	for id, o := range operations {
		good := false
		for status := range c.seen[id] {
			good = good || status < http.StatusBadRequest
		}
		if !good {
			t.Errorf("%s (%s) was never seen to succeed: add a call to server/declared_calls_test.go", id, o.Pattern)
		}
		for _, status := range o.Statuses {
			if status < http.StatusBadRequest && !c.seen[id][status] {
				t.Errorf("%s (%s) declares %d, which was never seen: add a call to server/declared_calls_test.go", id, o.Pattern, status)
			}
		}
		all += len(o.Codes)
		shown += len(c.codes[id])
	}
	t.Logf("%d operations; of %d declared problems %d were provoked", len(operations), all, shown)
}

// refuse provokes what the document says of every entry alike: bad tokens, too
// small a role, an id that is not there, a body that cannot be read.
func (c *caller) refuse() {
	operations, err := documentstest.Operations()
	if err != nil {
		c.t.Fatal(err)
	}
	admin := c.token("acme", models.RoleAdmin)
	expired := c.expired()
	revoked, err := auth.Mint([]byte(c.secret), models.Identity{UserID: "gone", OrganizationID: "acme", Role: models.RoleAdmin}, time.Hour)
	if err != nil {
		c.t.Fatal(err)
	}
	c.ask("POST", "/api/auth/logout", revoked, "").into(c.t, http.StatusNoContent, nil)
	for _, id := range slices.Sorted(maps.Keys(operations)) {
		o := operations[id]
		method, path, _ := strings.Cut(wildcard.ReplaceAllString(o.Pattern, "absent"), " ")
		path = strings.Replace(path, "/evidence/absent", "/evidence/0", 1)
		code := func(want models.Code, token, body string, header ...string) {
			c.t.Helper()
			if !slices.Contains(o.Codes, string(want)) {
				return
			}
			if strings.HasPrefix(o.Pattern, "POST /api/uploads/") {
				header = append(header, "X-HTTP-Method-Override", "DELETE")
			}
			var p struct{ Code models.Code }
			g := c.ask(method, path, token, body, header...)
			if method != http.MethodHead && (json.Unmarshal(g.body, &p) != nil || p.Code != want) {
				c.t.Errorf("%s declares %s and answers %d %s", o.Pattern, want, g.status, g.body)
			}
		}
		admin := admin
		if strings.HasPrefix(path, "/api/operator/") {
			admin = operatorToken
		}
		code(models.CodeTokenMissing, "", "")
		code(models.CodeTokenExpired, expired, "")
		code(models.CodeTokenInvalid, "a.b.c", "")
		code(models.CodeTokenRevoked, revoked, "")
		if len(o.Roles) > 0 {
			small := models.RoleViewer
			if slices.Contains(o.Roles, string(small)) {
				small = "" // everybody may
			}
			if small != "" {
				code(models.CodeForbidden, c.token("acme", small), "")
			}
		}
		if len(o.Takes) == 0 && strings.Contains(o.Pattern, "{id}") {
			code(models.CodeNotFound, admin, "")
		}
		if slices.Contains(o.Takes, "application/json") {
			code("unsupported_content_type", admin, "{}", "Content-Type", "text/plain")
			code(models.CodeInvalid, admin, "{", "Content-Type", "application/json")
			code(models.CodeTooLarge, admin, `{"x":"`+strings.Repeat("x", 5<<20)+`"}`, "Content-Type", "application/json")
		}
	}
	c.ask("GET", "/api/nothing", admin, "").into(c.t, http.StatusNotFound, nil)
	c.ask("PUT", "/api/videos", admin, "").into(c.t, http.StatusMethodNotAllowed, nil)
}

func (c *caller) expired() string {
	c.t.Helper()
	token, _, err := auth.Signer{Secret: []byte(c.secret)}.Token(models.Identity{UserID: "u", OrganizationID: "acme", Role: models.RoleAdmin}, -time.Minute)
	if err != nil {
		c.t.Fatal(err)
	}
	return token
}
