package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"reelroom/models"
	"reelroom/server/auth"
)

// entries are all routes that take an identity, with the least that they ask for.
func entries(id, batch, multipart, multipartType string) []struct {
	method, path, body, kind string
	needs                    models.Action
} {
	js := "application/json"
	return []struct {
		method, path, body, kind string
		needs                    models.Action
	}{
		{"POST", "/api/videos", multipart, multipartType, models.ActionEdit},
		{"GET", "/api/videos", "", "", models.ActionView},
		{"GET", "/api/videos/" + id, "", "", models.ActionView},
		{"HEAD", "/api/videos/" + id, "", "", models.ActionView},
		{"PATCH", "/api/videos/" + id, `{"title":"x"}`, js, models.ActionEdit},
		{"DELETE", "/api/videos/" + id, "", "", models.ActionEdit},
		{"POST", "/api/videos/" + id + "/cancel", "", "", models.ActionEdit},
		{"POST", "/api/videos/" + id + "/retry", "", "", models.ActionEdit},
		{"POST", "/api/videos/" + id + "/review", `{"decision":"approve"}`, js, models.ActionAdmin},
		{"GET", "/api/videos/" + id + "/scores", "", "", models.ActionView},
		{"GET", "/api/videos/" + id + "/audit", "", "", models.ActionEdit},
		{"GET", "/api/org/policy", "", "", models.ActionView},
		{"PUT", "/api/org/policy", `{"version":1,"reviewAt":0.1,"flagAt":0.2,"suggestiveAt":0.3}`, js, models.ActionAdmin},
		{"POST", "/api/org/policy/preview", `{"reviewAt":0.1,"flagAt":0.2,"suggestiveAt":0.3}`, js, models.ActionAdmin},
		{"GET", "/api/org/audit", "", "", models.ActionAdmin},
		{"GET", "/api/videos/" + id + "/media", "", "", models.ActionView},
		{"HEAD", "/api/videos/" + id + "/media", "", "", models.ActionView},
		{"GET", "/api/videos/" + id + "/playback", "", "", models.ActionView},
		{"GET", "/api/videos/" + id + "/thumbnail", "", "", models.ActionView},
		{"GET", "/api/videos/" + id + "/storyboard.vtt", "", "", models.ActionView},
		{"GET", "/api/videos/" + id + "/storyboard.jpg", "", "", models.ActionView},
		{"GET", "/api/videos/" + id + "/evidence/0", "", "", models.ActionView},
		{"POST", "/api/events", `{"event":"video:updated","videoId":"` + id + `","data":{}}`, js, models.ActionPublish},
		{"POST", "/batch/upload", multipart, multipartType, models.ActionEdit},
		{"GET", "/batch/" + batch + "/status", "", "", models.ActionView},
		{"POST", "/batch/" + batch + "/cancel", "", "", models.ActionEdit},
		{"POST", "/api/events", `{"event":"video:failed","videoId":"` + id + `","data":{}}`, js, models.ActionPublish},
		{"POST", "/api/events", `[{"event":"video:processed","videoId":"` + id + `","data":{}}]`, js, models.ActionPublish},
		{"POST", "/api/chat", `{"text":"x"}`, js, models.ActionView},
		{"POST", "/api/announcements", `{"message":"x"}`, js, models.ActionAdmin},
		{"POST", "/api/notifications", `{"userId":"x","message":"x"}`, js, models.ActionPublish},
		{"GET", "/api/auth/me", "", "", models.ActionView},
		{"POST", "/api/tickets", "", "", models.ActionView},
		{"POST", "/api/auth/logout", "", "", models.ActionView},
		{"POST", "/api/auth/revocations", `{"userId":"nobody"}`, js, models.ActionAdmin},
		{"DELETE", "/api/org/members/nobody", "", "", models.ActionAdmin},
	}
}

func TestEveryEntryRefuses(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	d := b.put("acme")
	body, kind := makeForm(t, field{"file", "a.mp4", video("x")})
	var batch models.BatchState
	b.batch(token(t, "acme", models.RoleEditor), nil, field{"files", "b.mp4", video("y")}).into(t, http.StatusAccepted, &batch)
	expired, _, err := auth.Signer{Secret: testSecret}.Token(models.Identity{UserID: "u", OrganizationID: "acme", Role: models.RoleAdmin}, -time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	other, err := auth.Mint(bytes.Repeat([]byte("z"), 32), models.Identity{UserID: "u", OrganizationID: "acme", Role: models.RoleAdmin}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	unsigned, err := jwt.NewWithClaims(jwt.SigningMethodNone, jwt.MapClaims{"sub": "u", "org_id": "acme", "role": "admin", "exp": time.Now().Add(time.Hour).Unix()}).SignedString(jwt.UnsafeAllowNoneSignatureType)
	if err != nil {
		t.Fatal(err)
	}
	revoked := token(t, "acme", models.RoleAdmin)
	b.do("POST", "/api/auth/logout", revoked, nil).into(t, http.StatusNoContent, nil)
	rows := 0
	for _, e := range entries(d.ID, batch.JobID, string(body), kind) {
		call := func(tok string, header ...string) answer {
			rows++
			return b.do(e.method, e.path, tok, strings.NewReader(e.body), append([]string{"Content-Type", e.kind}, header...)...)
		}
		for name, c := range map[string]struct {
			token string
			code  models.Code
		}{
			"no token": {"", models.CodeTokenMissing}, "expired": {expired, models.CodeTokenExpired}, "another secret": {other, models.CodeTokenInvalid},
			"revoked": {revoked, models.CodeTokenRevoked}, "unsigned": {unsigned, models.CodeTokenInvalid}, "oversize": {strings.Repeat("x", 9<<10), models.CodeTokenInvalid},
		} {
			a := call(c.token)
			if a.StatusCode != http.StatusUnauthorized || a.Header.Get("WWW-Authenticate") == "" {
				t.Errorf("%s %s, %s: %d", e.method, e.path, name, a.StatusCode)
			}
			if e.method != "HEAD" {
				a.refused(t, http.StatusUnauthorized, c.code)
			}
		}
		// Not in a query, not in a cookie, not in another scheme.
		admin := token(t, "acme", models.RoleAdmin)
		for _, a := range []answer{
			call("", "Cookie", "token="+admin), call("", "Authorization", "Basic "+admin),
			b.do(e.method, e.path+"?token="+admin+"&access_token="+admin, "", strings.NewReader(e.body), "Content-Type", e.kind),
		} {
			if a.StatusCode != http.StatusUnauthorized {
				t.Errorf("%s %s took a token from elsewhere: %d", e.method, e.path, a.StatusCode)
			}
		}
		for _, role := range []models.Role{models.RoleViewer, models.RoleEditor, models.RoleService} {
			if who := (models.Identity{Role: role}); who.May(e.needs) {
				continue
			}
			call(token(t, "acme", role)).refused(t, http.StatusForbidden, models.CodeForbidden)
		}
		if named := strings.NewReplacer(d.ID, "absent", batch.JobID, "absent"); named.Replace(e.path+e.body) != e.path+e.body {
			foreign := token(t, "evil", models.RoleAdmin)
			a := call(foreign)
			path, text := named.Replace(e.path), named.Replace(e.body)
			absent := b.do(e.method, path, foreign, strings.NewReader(text), "Content-Type", e.kind)
			if a.StatusCode != http.StatusNotFound && !strings.HasPrefix(e.body, "[") || strip(a) != strip(absent) {
				t.Errorf("%s %s: a foreign id answers\n%s\nan absent one\n%s", e.method, e.path, strip(a), strip(absent))
			}
		}
	}
	var mine models.Document
	b.do("GET", "/api/videos/"+d.ID, token(t, "acme", models.RoleViewer), nil).into(t, http.StatusOK, &mine)
	if mine.Rev != 1 || mine.Title != "clip" || mine.Status != models.StatusQueued {
		t.Errorf("after %d refusals the video is %+v", rows, mine)
	}
	var list struct{ Data []models.Document }
	b.do("GET", "/api/videos", token(t, "evil", models.RoleAdmin), nil).into(t, http.StatusOK, &list)
	if len(list.Data) != 0 {
		t.Errorf("a foreign list holds %v", list.Data)
	}
	if log := b.log.String(); strings.Contains(log, "eyJ") || strings.Contains(log, "signature=") {
		t.Error("a token or a signature reached the log")
	}
	t.Logf("%d refused requests", rows)
}

// strip writes an answer without what differs between any two requests.
func strip(a answer) string {
	h := a.Header.Clone()
	id := h.Get("X-Request-Id")
	h.Del("X-Request-Id")
	h.Del("Date")
	head, _ := json.Marshal(h)
	return fmt.Sprint(a.StatusCode, string(head), strings.ReplaceAll(string(a.body), id, "ID"))
}

func TestSignedLinks(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	d := b.put("acme")
	evil := b.put("evil")
	if a := b.do("GET", d.Media, "", nil); a.StatusCode != http.StatusOK || string(a.body) != video("0123456789") {
		t.Error("the document's own link:", a.StatusCode)
	}
	late := &models.SignedLinks{Base: b.URL, Key: b.links.Key, Now: func() time.Time { return time.Now().Add(-72 * time.Hour) }}
	b.do("GET", late.Media("acme", d.ID), "", nil).refused(t, http.StatusUnauthorized, models.CodeTokenExpired)
	for name, url := range map[string]string{
		"another organization": strings.Replace(d.Media, "org=acme", "org=evil", 1),
		"another video":        strings.Replace(d.Media, d.ID, evil.ID, 1),
		"another kind":         strings.Replace(d.Media, "/media", "/thumbnail", 1),
		"another expiry":       strings.Replace(d.Media, "expires=1", "expires=2", 1),
		"no signature":         strings.Replace(d.Media, "signature=", "signature=&x=", 1),
		"another moment":       strings.Replace(b.links.Evidence("acme", d.ID, 7), "/evidence/7", "/evidence/8", 1),
		"a moment of words":    strings.Replace(b.links.Evidence("acme", d.ID, 7), "/evidence/7", "/evidence/+7", 1),
		"the sheet for a text": strings.Replace(b.links.StoryboardPicture("acme", d.ID), "storyboard.jpg", "storyboard.vtt", 1),
		"other key":            (&models.SignedLinks{Base: b.URL, Key: bytes.Repeat([]byte("x"), 32)}).Media("acme", d.ID),
	} {
		t.Log(name)
		b.do("GET", url, "", nil).refused(t, http.StatusUnauthorized, models.CodeTokenInvalid)
		// A broken link is not made good by a token, and a link opens nothing else.
		b.do("GET", url, token(t, "acme", models.RoleAdmin), nil).refused(t, http.StatusUnauthorized, models.CodeTokenInvalid)
	}
	query := d.Media[strings.Index(d.Media, "?"):]
	b.do("GET", "/api/videos/"+d.ID+query, "", nil).refused(t, http.StatusUnauthorized, models.CodeTokenMissing)
	b.do("DELETE", "/api/videos/"+d.ID+query, "", nil).refused(t, http.StatusUnauthorized, models.CodeTokenMissing)
	// A link whose signature is good, made for the organization's eyes only.
	b.do("GET", b.links.Media("evil", d.ID), "", nil).refused(t, http.StatusNotFound, models.CodeNotFound)
	b.do("GET", b.links.Playback("acme", d.ID), "", nil).refused(t, http.StatusNotFound, models.CodeNotFound)
	b.do("GET", b.links.Thumbnail("acme", d.ID), "", nil).refused(t, http.StatusNotFound, models.CodeNotFound)
	b.do("GET", b.links.Storyboard("acme", d.ID), "", nil).refused(t, http.StatusNotFound, models.CodeNotFound)
	b.do("GET", b.links.StoryboardPicture("acme", d.ID), "", nil).refused(t, http.StatusNotFound, models.CodeNotFound)
	b.do("GET", b.links.Evidence("acme", d.ID, 7), "", nil).refused(t, http.StatusNotFound, models.CodeNotFound)
	if strings.Contains(b.log.String(), "signature=") || strings.Contains(b.log.String(), "expires=") {
		t.Error("a signed query reached the log")
	}
}

// The secret of the link signs in; no address and no Host does, and no page but
// the server's own on this machine may send it.
func TestLocalSignIn(t *testing.T) {
	t.Parallel()
	var present string
	link := auth.NewLocalLink(func(secret string) { present = secret })
	b := newBench(t, func(c *Config) {
		c.Local = &Local{Signer: auth.Signer{Secret: testSecret}, Link: link}
		c.PublicURL = "http://localhost:5000"
		c.Origins = auth.NewOrigins(auth.OriginConfig{PublicURL: c.PublicURL, Allowed: []string{"https://app.example"}, Loopback: true})
	})
	local := func(secret string, header ...string) answer {
		return b.do("POST", "/api/auth/local", "", strings.NewReader(`{"secret":"`+secret+`"}`), append(header, "Content-Type", "application/json")...)
	}
	own := []string{"Host", "localhost:5000", "Origin", "http://localhost:5000"}
	for name, header := range map[string][]string{
		"no page":              {"Host", "localhost:5000"},
		"another port":         {"Host", "localhost:5000", "Origin", "http://localhost:3000"},
		"another name":         {"Host", "localhost:5000", "Origin", "http://127.0.0.1:5000"},
		"allowed":              {"Host", "localhost:5000", "Origin", "https://app.example"},
		"rebound name":         {"Host", "evil.example:5000", "Origin", "http://evil.example:5000"},
		"rebound, no port":     {"Host", "evil.example", "Origin", "http://evil.example"},
		"suffix":               {"Host", "localhost.evil.example:5000", "Origin", "http://localhost.evil.example:5000"},
		"prefix":               {"Host", "evillocalhost:5000", "Origin", "http://evillocalhost:5000"},
		"user":                 {"Host", "localhost:5000", "Origin", "http://localhost:5000@evil.example"},
		"other origin":         {"Host", "localhost:5000", "Origin", "https://evil.example"},
		"null origin":          {"Host", "localhost:5000", "Origin", "null"},
		"other scheme":         {"Host", "localhost:5000", "Origin", "https://localhost:5000"},
		"another site":         {"Host", "localhost:5000", "Origin", "http://localhost:5000", "Sec-Fetch-Site", "cross-site"},
		"another site's port":  {"Host", "localhost:5000", "Origin", "http://localhost:5000", "Sec-Fetch-Site", "same-site"},
		"not a loopback":       {"Host", "192.168.1.7:5000", "Origin", "http://192.168.1.7:5000"},
		"every address at all": {"Host", "0.0.0.0:5000", "Origin", "http://0.0.0.0:5000"},
	} {
		if a := local(present, header...); a.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %d %s", name, a.StatusCode, a.body)
		}
	}
	first := present
	for _, wrong := range []string{"", "x", strings.ToLower(present), present[1:], present + "A"} {
		local(wrong, own...).refused(t, http.StatusForbidden, models.CodeLocalLink)
	}
	for i, header := range [][]string{
		own,
		append(own, "Sec-Fetch-Site", "same-origin"),
		append(own, "X-Forwarded-For", "203.0.113.9"), // the secret says all
		{"Host", "127.0.0.1:5000", "Origin", "http://127.0.0.1:5000"},
		{"Host", "127.0.0.2:8080", "Origin", "http://127.0.0.2:8080"},
		{"Host", "[::1]:5000", "Origin", "http://[::1]:5000"},
		{"Host", "app.localhost:5000", "Origin", "http://app.localhost:5000"},
	} {
		used := present
		var s LocalSession
		local(used, header...).into(t, http.StatusOK, &s)
		if s.User.OrganizationID != "local" || s.User.UserID != "admin" || s.User.Role != models.RoleAdmin || time.Until(s.ExpiresAt) < 11*time.Hour {
			t.Errorf("%d: %+v", i, s)
		}
		var me User
		if b.do("GET", "/api/auth/me", s.Token, nil).into(t, http.StatusOK, &me); me != s.User {
			t.Errorf("%d: me is %+v", i, me)
		}
		if used == present {
			t.Fatal("the secret stays the same")
		}
	}
	if a := local(first, own...); a.StatusCode != http.StatusForbidden {
		t.Errorf("a second use: %d %s", a.StatusCode, a.body)
	}
	if strings.Contains(b.log.String(), first) || strings.Contains(b.log.String(), present) {
		t.Error("the log holds a secret")
	}
	off := newBench(t, nil)
	off.do("POST", "/api/auth/local", "", strings.NewReader(`{"secret":""}`), "Content-Type", "application/json").refused(t, http.StatusForbidden, models.CodeForbidden)
}

// Of many who use one link at once, one is signed in.
func TestLocalLinkIsUsedOnce(t *testing.T) {
	t.Parallel()
	var present string
	link := auth.NewLocalLink(func(secret string) { present = secret })
	secret := present
	var won atomic.Int32
	var all sync.WaitGroup
	for range 32 {
		all.Go(func() {
			if link.Use(secret) == nil {
				won.Add(1)
			}
		})
	}
	all.Wait()
	if won.Load() != 1 {
		t.Errorf("%d used it", won.Load())
	}
}

// Who guesses is slowed down, and does not keep the owner out.
func TestGuessesOfTheLocalLinkAreBounded(t *testing.T) {
	t.Parallel()
	var present string
	link := auth.NewLocalLink(func(secret string) { present = secret })
	codes := map[models.Code]int{}
	for range 300 {
		codes[models.CodeOf(link.Use("guess"))]++
	}
	if codes[models.CodeLocalLink] > 20 || codes[models.CodeRateLimited] < 280 {
		t.Errorf("%v", codes)
	}
	if err := link.Use(present); err != nil {
		t.Errorf("the right one: %v", err)
	}
}
