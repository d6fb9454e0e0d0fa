package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"reelroom/models"
	"reelroom/server/api"
)

// succeed calls every operation so that it is carried out. On the way a video
// meets each of its outcomes.
func (c *caller) succeed(e *listener) {
	t := c.t
	admin, editor, service := c.token("acme", models.RoleAdmin), c.token("acme", models.RoleEditor), c.token("acme", models.RoleService)
	for _, path := range []string{"/healthz", "/readyz", "/metrics", "/api/auth/options", "/api/openapi.json", "/api/asyncapi.json"} {
		c.ask("GET", path, "", "").into(t, http.StatusOK, nil)
	}
	var local api.LocalSession
	c.json("POST", "/api/auth/local", "", `{"secret":"guess"}`, "Origin", c.url).into(t, http.StatusForbidden, nil)
	c.json("POST", "/api/auth/local", "", `{"secret":"`+c.localSecret()+`"}`, "Origin", c.url).into(t, http.StatusOK, &local)
	c.ask("GET", "/api/auth/me", local.Token, "").into(t, http.StatusOK, nil)
	c.ask("POST", "/api/tickets", editor, "").into(t, http.StatusCreated, nil)

	// Everything is suspect, so that there is evidence.
	policy := `{"version":1,"reviewAt":0,"flagAt":0,"suggestiveAt":0,"minimumRun":1}`
	c.json("POST", "/api/org/policy/preview", admin, policy).into(t, http.StatusOK, nil)
	c.json("PUT", "/api/org/policy", admin, policy).into(t, http.StatusOK, nil)
	c.json("PUT", "/api/org/policy", admin, policy).into(t, http.StatusConflict, nil)

	video := c.put(editor, sample(t))
	e.subscribe(t, video.ID)
	e.await(t, models.EventProcessed, video.ID)
	c.ask("GET", "/api/videos/"+video.ID, editor, "").into(t, http.StatusOK, &video)
	c.library(admin, video.ID)
	c.files(video)

	c.job(admin, video.ID, e)

	// Another video fails, one is cancelled.
	failed := c.put(editor, unplayable)
	e.await(t, models.EventFailed, failed.ID)
	c.json("POST", "/api/videos/"+failed.ID+"/retry", editor, `{"fromStart":true}`).into(t, http.StatusAccepted, nil)
	e.await(t, models.EventFailed, failed.ID)
	c.json("POST", "/api/events", service, fmt.Sprintf(`{"event":"video:updated","videoId":%q,"data":{"note":"x"}}`, failed.ID)).into(t, http.StatusAccepted, nil)
	e.await(t, models.EventUpdated, failed.ID)
	for try := 0; ; try++ { // the worker may be quicker
		one, two := c.put(editor, sample(t)), c.put(editor, sample(t))
		c.json("POST", "/api/events", service, fmt.Sprintf(`{"event":"video:progress","videoId":%q,"data":{"progress":11,"stage":"reading","more":[1]}}`, two.ID))
		c.json("POST", "/api/events", service, fmt.Sprintf(`{"event":"video:progress","videoId":%q}`, two.ID))
		g := c.ask("POST", "/api/videos/"+two.ID+"/cancel", editor, "")
		if g.status == http.StatusOK {
			e.await(t, models.EventCancelled, two.ID)
		}
		c.ask("DELETE", "/api/videos/"+one.ID, editor, "").into(t, http.StatusNoContent, nil)
		e.await(t, models.EventDeleted, one.ID)
		if g.status == http.StatusOK {
			break
		}
		if try == 20 {
			t.Fatal("no video could be cancelled", string(g.body))
		}
	}
	c.messages(admin, service, video.ID, e)
	c.batch(editor)
	c.uploads(editor, e)
	c.hear(admin, e)
	c.people(admin)
}

var unplayable = []byte("\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp41 and nothing that could be played")

// put uploads a video.
func (c *caller) put(token string, data []byte) (d models.Document) {
	body, kind := form(c.t, "file", data, "clip.mp4")
	c.ask("POST", "/api/videos", token, body, "Content-Type", kind).into(c.t, http.StatusAccepted, &d)
	return d
}

// library calls what is about a completed video and the list.
func (c *caller) library(admin, id string) {
	t, path := c.t, "/api/videos/"+id
	for _, read := range []string{
		path, path + "/scores", path + "/audit", "/api/videos", "/api/videos?limit=1&status=completed,failed", "/api/videos?q=a&verdict=safe,flagged&sort=-duration", "/api/videos/counts", "/api/org/policy", "/api/org/audit?limit=1",
		"/api/openapi.json", "/api/asyncapi.json",
	} {
		g := c.ask("GET", read, admin, "")
		g.into(t, http.StatusOK, nil)
		if again := c.ask("GET", read, admin, "", "If-None-Match", g.header.Get("ETag")); again.status != http.StatusNotModified {
			t.Errorf("%s knows no tag: %d", read, again.status)
		}
	}
	c.ask("GET", "/api/org/console", admin, "").into(t, http.StatusOK, nil)
	c.ask("GET", "/api/videos?limit=0", admin, "").into(t, http.StatusBadRequest, nil)
	c.json("PATCH", path, admin, `{"title":"renamed"}`).into(t, http.StatusOK, nil)
	for _, decision := range []string{"approve", "flag", "clear"} {
		g := c.json("POST", path+"/review", admin, `{"decision":"`+decision+`","note":"n"}`)
		for end := time.Now().Add(patience); g.status == http.StatusServiceUnavailable && time.Now().Before(end); { // the change before is being told
			time.Sleep(50 * time.Millisecond)
			g = c.json("POST", path+"/review", admin, `{"decision":"`+decision+`","note":"n"}`)
		}
		g.into(t, http.StatusOK, nil)
	}
	c.ask("POST", path+"/cancel", admin, "").into(t, http.StatusConflict, nil)
}

// files reads each file by its signed URL: whole, by its tag and in part.
func (c *caller) files(d models.Document) {
	t := c.t
	if d.Thumbnail == nil || d.Storyboard == nil || d.Playback == nil || d.Sensitivity == nil || len(d.Sensitivity.Segments) == 0 || d.Sensitivity.Segments[0].Evidence == nil {
		t.Fatalf("the document lacks a file: %+v", d)
	}
	picture, viewer := "", c.token("acme", models.RoleViewer)
	for _, address := range []string{d.Media, *d.Thumbnail, *d.Storyboard, c.url + "/api/videos/" + d.ID + "/playback", *d.Sensitivity.Segments[0].Evidence, ""} {
		if address == "" {
			address = picture
		}
		token := ""
		if !strings.Contains(address, "signature=") {
			token = viewer
		}
		g := c.ask("GET", address, token, "")
		g.into(t, http.StatusOK, nil)
		if address == *d.Storyboard { // it names the picture's own signed URL
			for line := range strings.Lines(string(g.body)) {
				if at, _, ok := strings.Cut(strings.TrimSpace(line), "#xywh"); ok {
					base, err := url.Parse(address)
					if err != nil {
						t.Fatal(err)
					}
					relative, err := base.Parse(at)
					if err != nil {
						t.Fatal(err)
					}
					picture = relative.String()
				}
			}
		}
		c.ask("HEAD", address, token, "").into(t, http.StatusOK, nil)
		c.ask("GET", address, token, "", "If-None-Match", g.header.Get("ETag")).into(t, http.StatusNotModified, nil)
		c.ask("GET", address, token, "", "Range", "bytes=0-3").into(t, http.StatusPartialContent, nil)
		c.ask("GET", address, token, "", "Range", "bytes=999999999-").into(t, http.StatusRequestedRangeNotSatisfiable, nil)
		c.ask("GET", strings.Replace(address, "signature=", "signature=x", 1), "", "").into(t, http.StatusUnauthorized, nil) // and without any
	}
}

// people calls what ends tokens.
func (c *caller) people(admin string) {
	t := c.t
	c.json("POST", "/api/auth/revocations", admin, `{"userId":"nobody"}`).into(t, http.StatusAccepted, nil)
	c.json("POST", "/api/auth/revocations", admin, `{"token":"`+c.expired()+`"}`).into(t, http.StatusNoContent, nil)
	c.ask("DELETE", "/api/org/members/nobody", admin, "").into(t, http.StatusNoContent, nil)
	c.accounts()
	c.ask("POST", "/api/auth/logout", c.token("elsewhere", models.RoleViewer), "").into(t, http.StatusNoContent, nil)
}

// accounts founds an organization, invites somebody, and lets everybody change
// what is theirs.
func (c *caller) accounts() {
	t := c.t
	var in api.LocalSession
	const pass = "correct horse battery"
	g := c.json("POST", "/api/auth/register", "", `{"name":"Ann","email":"ann@example.com","password":"`+pass+`","organizationName":"Acme","setupCode":"`+c.localSecret()+`"}`, "Origin", c.url)
	g.into(t, http.StatusCreated, &in)
	cookie, _, _ := strings.Cut(g.header.Get("Set-Cookie"), ";")
	c.ask("POST", "/api/auth/refresh", "", "", "Cookie", cookie).into(t, http.StatusOK, &in)
	c.ask("POST", "/api/auth/refresh", "", "").into(t, http.StatusUnauthorized, nil)
	c.json("POST", "/api/auth/login", "", `{"email":"ann@example.com","password":"`+pass+`"}`).into(t, http.StatusOK, &in)
	c.json("POST", "/api/auth/login", "", `{"email":"ann@example.com","password":"wrong"}`).into(t, http.StatusUnauthorized, nil)
	c.ask("GET", "/api/auth/me", in.Token, "").into(t, http.StatusOK, nil)
	c.ask("GET", "/api/org", in.Token, "").into(t, http.StatusOK, nil)
	c.json("PATCH", "/api/org", in.Token, `{"name":"Acme Films"}`).into(t, http.StatusOK, nil)
	c.ask("GET", "/api/org/members?limit=1", in.Token, "").into(t, http.StatusOK, nil)
	c.json("PATCH", "/api/org/members/"+in.User.UserID, in.Token, `{"role":"viewer"}`).into(t, http.StatusConflict, nil)
	c.json("PATCH", "/api/org/members/"+in.User.UserID, in.Token, `{"role":"admin"}`).into(t, http.StatusOK, nil)
	var link struct{ ID, URL string }
	c.json("POST", "/api/org/invites", in.Token, `{"role":"viewer"}`).into(t, http.StatusCreated, &link)
	c.ask("GET", "/api/org/invites", in.Token, "").into(t, http.StatusOK, nil)
	_, secret, _ := strings.Cut(link.URL, "#")
	c.json("POST", "/api/auth/invite", "", `{"secret":"`+secret+`"}`).into(t, http.StatusOK, nil)
	c.ask("DELETE", "/api/org/invites/"+link.ID, in.Token, "").into(t, http.StatusNoContent, nil)
	c.json("POST", "/api/auth/invite", "", `{"secret":"`+secret+`"}`).into(t, http.StatusGone, nil)
	c.ask("POST", "/api/org/members/"+in.User.UserID+"/reset", in.Token, "").into(t, http.StatusCreated, &link)
	_, secret, _ = strings.Cut(link.URL, "#")
	c.json("POST", "/api/auth/reset", "", `{"secret":"`+secret+`","password":"another horse battery"}`).into(t, http.StatusOK, &in)
	c.json("POST", "/api/auth/password", in.Token, `{"current":"another horse battery","next":"`+pass+`"}`).into(t, http.StatusOK, &in)
}
