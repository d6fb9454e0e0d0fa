package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"reelroom/models"
)

func TestEveryRouteHasAnEntry(t *testing.T) {
	t.Parallel()
	h := openHouse(t, nil)
	rows := map[string]bool{}
	for _, e := range waysIn() {
		rows[e.pattern] = true
	}
	for _, pattern := range h.doors.routes.Patterns() {
		if strings.HasPrefix(pattern, "OPTIONS ") { // says nothing but what may be asked
			continue
		}
		if !rows[pattern] {
			t.Errorf("%s has no row in waysIn(): say who may use it, and it is tried by everybody who may not", pattern)
		}
		delete(rows, pattern)
	}
	for pattern := range rows {
		if !strings.HasPrefix(pattern, "HEAD ") {
			t.Errorf("%s has a row and no route", pattern)
		}
	}
}

// Nobody gets in who may not: not one entry, by no bad token, by no token in a
// place where none is read, by no role that is too small; and a foreign id is
// answered as an absent one.
func TestNoEntryLetsStrangersIn(t *testing.T) {
	t.Parallel()
	h := openHouse(t, nil)
	w, err := newRealm(t.Context(), h)
	if err != nil {
		t.Fatal(err)
	}
	mine, other := w.tenants[0], w.tenants[1]
	objects := map[string]map[*tenant]string{"video": {}, "batch": {}, "upload": {}}
	for _, tn := range []*tenant{mine, other} {
		for kind := range objects {
			if objects[kind][tn], err = w.object(tn, kind); err != nil {
				t.Fatal(kind, err)
			}
		}
	}
	admin := mine.of(models.RoleAdmin)
	unsigned, err := jwt.NewWithClaims(jwt.SigningMethodNone, jwt.MapClaims{"sub": "u", "org_id": mine.id, "role": "admin", "exp": 1 << 40}).SignedString(jwt.UnsafeAllowNoneSignatureType)
	if err != nil {
		t.Fatal(err)
	}
	before := map[*tenant]string{}
	for _, tn := range w.tenants {
		if before[tn], err = h.head(t.Context(), tn.id); err != nil {
			t.Fatal(err)
		}
	}
	rows := 0
	for _, e := range waysIn() {
		if e.needs == "" {
			continue
		}
		id := objects[e.object][mine]
		try := func(what, id, token string, status int, header ...string) reply {
			t.Helper()
			rows++
			r := h.knock(t.Context(), &e, id, token, header...)
			if !e.refuses(r, status) {
				t.Errorf("%s, %s: answered %d, want %d: %.300s", e.pattern, what, r.status, status, r.text)
			}
			(&scanner{realm: w, door: e.pattern + " " + what}).all(r.raw)
			return r
		}
		for what, token := range map[string]string{
			"no token": "", "malformed": "not.a.token", "expired": admin.expired, "another key": admin.forged, "revoked": admin.revoked,
			"unsigned": unsigned, "oversize": strings.Repeat("x", 9<<10), "cut": admin.good[:len(admin.good)-2],
		} {
			try(what, id, token, http.StatusUnauthorized)
		}
		for what, header := range map[string][]string{
			"in a cookie": {"Cookie", "token=" + admin.good}, "in another scheme": {"Authorization", "Basic " + admin.good},
			"in another header": {"X-Auth-Token", admin.good},
		} {
			try(what, id, "", http.StatusUnauthorized, header...)
		}
		if !e.socket { // the two old routes read it in the query
			inQuery := e
			inQuery.path = withQuery(e.path, url.Values{"token": {admin.good}, "access_token": {admin.good}})
			if r := h.knock(t.Context(), &inQuery, id, ""); r.status != http.StatusUnauthorized {
				t.Errorf("%s takes a token from the query: %d", e.pattern, r.status)
			}
			rows++
		}
		if !e.signed && !e.socket {
			link := h.back.Links.Media(mine.id, id)
			_, query, _ := strings.Cut(link, "?")
			withLink := e
			values, _ := url.ParseQuery(query)
			withLink.path = withQuery(e.path, values)
			if r := h.knock(t.Context(), &withLink, id, ""); r.status != http.StatusUnauthorized {
				t.Errorf("%s is opened by the signature of a file: %d", e.pattern, r.status)
			}
			rows++
		}
		for _, p := range mine.people {
			if (models.Identity{Role: p.role}).May(e.needs) {
				continue
			}
			own := try("as "+string(p.role), id, p.good, e.tooSmall())
			if e.object != "" {
				foreign, absent := try("foreign, as "+string(p.role), objects[e.object][other], p.good, e.tooSmall()), try("absent, as "+string(p.role), models.DerivedID("absent"), p.good, e.tooSmall())
				if own.text != foreign.text || foreign.text != absent.text {
					t.Errorf("%s: a %s can tell ids apart:\n%s\n%s\n%s", e.pattern, p.role, own.text, foreign.text, absent.text)
				}
			}
		}
		if e.object == "" {
			continue
		}
		for _, p := range mine.people {
			if !(models.Identity{Role: p.role}).May(e.needs) {
				continue
			}
			foreign := try("foreign", objects[e.object][other], p.good, e.notThere())
			absent := try("absent", models.DerivedID("absent"), p.good, e.notThere())
			odd := try("impossible", "no id at all", p.good, e.notThere())
			if e.many && !strings.Contains(foreign.text, string(models.CodeNotFound)) {
				t.Errorf("%s: %s", e.pattern, foreign.text)
			}
			if foreign.text != absent.text || foreign.text != odd.text {
				t.Errorf("%s: a foreign id answers\n%s\nan absent one\n%s\nan impossible one\n%s", e.pattern, foreign.text, absent.text, odd.text)
			}
		}
	}
	for _, tn := range w.tenants {
		if now, err := h.head(t.Context(), tn.id); err != nil || now != before[tn] {
			t.Errorf("what was refused changed something: the log of %s was at %s, and is at %s (%v)", tn.id, before[tn], now, err)
		}
	}
	if leaks := w.leaked(); leaks != "" {
		t.Error(leaks)
	}
	t.Logf("%d refused requests to %d entries", rows, len(waysIn()))

	// The rows are requests that those who may do can send: none of them is
	// refused for its form.
	for _, e := range waysIn() {
		if e.needs == "" || e.needs == forOperator || e.pattern == "POST /api/auth/logout" || e.method() == http.MethodDelete {
			continue
		}
		r := h.knock(t.Context(), &e, objects[e.object][mine], admin.good)
		switch r.status {
		case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusMethodNotAllowed, http.StatusUnsupportedMediaType, http.StatusInternalServerError, 0:
			t.Errorf("%s: an admin is answered %d: %.300s", e.pattern, r.status, r.text)
		}
	}
}

func withQuery(path string, values url.Values) string {
	if strings.Contains(path, "?") {
		return path + "&" + values.Encode()
	}
	return path + "?" + values.Encode()
}

// object makes something of a tenant's, and returns its id.
func (w *realm) object(t *tenant, kind string) (string, error) {
	switch kind {
	case "video":
		return w.video(t)
	case "batch":
		return w.batch(t)
	case "upload":
		return w.resumable(t)
	}
	return "", nil
}

// resumable begins an upload that takes no end.
func (w *realm) resumable(t *tenant) (string, error) {
	name := w.note(word("file"), mark{tenant: t})
	header := tus("Upload-Length", "4096", "Upload-Metadata", "filename "+base64.StdEncoding.EncodeToString([]byte(name)))
	r := w.house.ask("POST", "/api/uploads", t.of(models.RoleEditor).good, nil, header...)
	_, id, _ := strings.Cut(r.Header().Get("Location"), "/api/uploads/")
	if r.Code != http.StatusCreated || id == "" {
		return "", fmt.Errorf("a resumable upload: %d %s", r.Code, r.Body)
	}
	w.note(id, mark{tenant: t})
	t.uploads = append(t.uploads, id)
	return id, nil
}

// batch uploads two files at once.
func (w *realm) batch(t *tenant) (string, error) {
	name := w.note(word("file"), mark{tenant: t})
	_, kind := uploadForm("", "")
	r := w.house.ask("POST", "/batch/upload", t.of(models.RoleEditor).good, batchForm(name), "Content-Type", kind)
	var b struct {
		ID string `json:"job_id"`
	}
	if r.Code != http.StatusAccepted || json.Unmarshal(r.Body.Bytes(), &b) != nil || b.ID == "" {
		return "", fmt.Errorf("a batch: %d %s", r.Code, r.Body)
	}
	w.note(b.ID, mark{tenant: t})
	t.batches = append(t.batches, b.ID)
	return b.ID, nil
}

// video uploads one, whose title is the tenant's alone.
func (w *realm) video(t *tenant) (string, error) {
	title := w.note(word("title"), mark{tenant: t})
	form, kind := uploadForm(title, title)
	r := w.house.ask("POST", "/api/videos", t.of(models.RoleEditor).good, form, "Content-Type", kind)
	var d models.Document
	if r.Code != http.StatusAccepted || json.Unmarshal(r.Body.Bytes(), &d) != nil {
		return "", fmt.Errorf("an upload: %d %s", r.Code, r.Body)
	}
	w.note(d.ID, mark{tenant: t})
	t.videos = append(t.videos, d.ID)
	return d.ID, nil
}
