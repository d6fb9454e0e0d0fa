package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"reelroom/models"
)

// credential draws a token; good says whether it should open anything.
func (l *trial) credential(p *person) (token string, good bool) {
	switch rapid.IntRange(0, 11).Draw(l.T, "credential") {
	case 0:
		return p.expired, false
	case 1:
		return p.forged, false
	case 2:
		return p.revoked, false
	case 3:
		return "", false
	}
	return p.good, true
}

var (
	allWays  = waysIn()
	modelled = func() (out []wayIn) {
		for _, e := range allWays {
			switch {
			case e.needs == "", e.stream, e.socket, e.pattern == "POST /api/videos", e.pattern == "POST /batch/upload", e.pattern == "POST /api/auth/logout",
				e.pattern == "POST /api/uploads",
				e.pattern == "POST /api/auth/revocations", e.pattern == "DELETE /api/org/members/{userId}": // each of these fills a list
				continue
			}
			out = append(out, e)
		}
		return out
	}()
)

// request sends any entry's request as anybody with any token for any id.
func (l *trial) request() {
	p := l.person()
	e := rapid.SampledFrom(modelled).Draw(l.T, "entry")
	token, good := l.credential(p)
	id, of, is := "", p.tenant, own
	if e.object != "" {
		id, of, is = l.pick(p.tenant, e.object)
	}
	if e.method() == http.MethodDelete && rapid.IntRange(0, 3).Draw(l.T, "spare") > 0 {
		return
	}
	reader := p
	if !good {
		reader = nil
	}
	r := l.house.knock(l.realm.ctx, &e, id, token)
	s := &scanner{realm: l.realm, door: e.pattern, person: reader}
	if e.needs != forOperator && strings.HasSuffix(e.path, "/audit") {
		s.typed = p.tenant.typed
	}
	s.all(r.raw)
	may := (models.Identity{Role: p.role}).May(e.needs)
	what := fmt.Sprintf("%s by a %s (token good: %t) of tenant %d for an id that is %s", e.pattern, p.role, good, p.tenant.number, [...]string{"its own", "foreign", "absent", "deleted"}[is])
	want := 0
	switch {
	case !good:
		want = http.StatusUnauthorized
	case !may:
		want = e.tooSmall()
	case is == gone && strings.HasSuffix(e.pattern, "/audit"): // the trail tells who has deleted it
	case is != own:
		want = e.notThere()
	}
	if want != 0 {
		if r.status != want {
			l.Fatalf("%s answered %d, want %d: %s", what, r.status, want, r.text)
		}
		l.still(of, what)
		if is == foreign || is == gone {
			if like := l.house.knock(l.realm.ctx, &e, models.DerivedID("nothing"), token); like.text != r.text {
				l.Fatalf("%s answered\n%s\nand for one that is absent\n%s", what, r.text, like.text)
			}
		}
		return
	}
	if r.status == http.StatusUnauthorized || r.status == http.StatusForbidden || r.status >= 500 {
		l.Fatalf("%s answered %d: %s", what, r.status, r.text)
	}
	if e.method() == http.MethodGet || e.method() == http.MethodHead {
		l.still(of, what)
		return
	}
	switch {
	case r.status >= 300:
	case e.pattern == "DELETE /api/videos/{id}":
		l.realm.drop(of, id)
	case e.pattern == "DELETE /api/uploads/{id}":
		of.uploads = slices.DeleteFunc(of.uploads, func(other string) bool { return other == id })
	}
	l.moved(of)
}

// drop notes that a video is deleted. Its followers hear nothing more of it.
func (w *realm) drop(t *tenant, id string) {
	for i, v := range t.videos {
		if v == id {
			t.videos = append(t.videos[:i:i], t.videos[i+1:]...)
			t.deleted = append(t.deleted, id)
		}
	}
	for _, e := range t.ears {
		e.follow(id, false)
	}
}

// emit says something over a socket, about any id.
func (l *trial) emit() {
	t := l.tenant()
	sockets := t.sockets()
	e := rapid.SampledFrom(sockets).Draw(l.T, "socket")
	name := rapid.SampledFrom([]string{"video:subscribe", "video:subscribe", "video:unsubscribe", "video:cancel", "video:retry", "auth:refresh", "chat:message"}).Draw(l.T, "event")
	var ack struct {
		OK    bool
		Error struct{ Code models.Code }
	}
	say := func(name string, arg any) string {
		raw, err := e.emit(name, arg)
		if err != nil || json.Unmarshal(raw, &ack) != nil {
			l.Fatalf("%s: %s %v", name, raw, err)
		}
		return string(raw)
	}
	if name == "auth:refresh" {
		l.refresh(e, say, &ack.OK)
		return
	}
	if name == "chat:message" {
		text := l.realm.note(word("chat"), mark{tenant: t})
		if raw := say(name, map[string]string{"text": text, "organizationId": l.tenant().id}); !ack.OK {
			l.Fatalf("chat:message: %s", raw)
		}
		l.moved(t)
		return
	}
	id, of, is := l.pick(t, "video")
	what := fmt.Sprintf("%s by a %s of tenant %d", name, e.person.role, t.number)
	if name == "video:subscribe" && is == own {
		e.follow(id, true)
	}
	raw := say(name, id)
	ok, code := ack.OK, ack.Error.Code
	switch {
	case name == "video:unsubscribe":
		if !ok {
			l.Fatalf("%s: %s", what, raw)
		}
		if is == own {
			e.follow(id, false)
		}
		l.still(of, what)
	case name == "video:subscribe":
		if ok != (is == own) || !ok && code != models.CodeNotFound {
			l.Fatalf("%s (%d): %s", what, is, raw)
		}
		l.still(of, what)
	case e.person.role == models.RoleViewer:
		if code != models.CodeForbidden {
			l.Fatalf("%s: %s", what, raw)
		}
		l.still(of, what)
	case is != own:
		if code != models.CodeNotFound {
			l.Fatalf("%s: %s", what, raw)
		}
		l.still(of, what)
	default:
		l.moved(of)
	}
	if is == foreign || is == gone {
		if like := say(name, models.DerivedID("nothing")); like != raw {
			l.Fatalf("%s: a foreign id is answered\n%s\nan absent one\n%s", what, raw, like)
		}
	}
}

// refresh offers a socket another token; it takes none but its own person's.
func (l *trial) refresh(e *ear, say func(string, any) string, ok *bool) {
	p := l.person()
	token, good := l.credential(p)
	raw := say("auth:refresh", map[string]string{"token": token})
	if want := good && p == e.person; *ok != want {
		l.Fatalf("auth:refresh of %s's socket with a token of %s (good: %t): %s", e.person.user, p.user, good, raw)
	}
}

// whispers tells something that few may hear.
func (l *trial) whispers() {
	t := l.tenant()
	var err error
	switch n := rapid.IntRange(0, 3).Draw(l.T, "for"); {
	case n == 0:
		text := l.realm.note(word("chat"), mark{tenant: t})
		if r := l.house.askJSON("POST", "/api/chat", rapid.SampledFrom(t.people).Draw(l.T, "speaker").good, fmt.Sprintf(`{"text":%q}`, text)); r.Code != http.StatusAccepted {
			l.Fatalf("chat: %d %s", r.Code, r.Body)
		}
		l.moved(t)
	case n == 1:
		to := rapid.SampledFrom(t.people).Draw(l.T, "listener")
		text := l.realm.note(word("personal"), mark{tenant: t, person: to})
		by := t.of(rapid.SampledFrom([]models.Role{models.RoleService, models.RoleAdmin}).Draw(l.T, "by"))
		if r := l.house.askJSON("POST", "/api/notifications", by.good, fmt.Sprintf(`{"userId":%q,"message":%q}`, to.user, text)); r.Code != http.StatusAccepted {
			l.Fatalf("a notification: %d %s", r.Code, r.Body)
		}
		l.moved(t)
	case n == 2 || len(t.videos) == 0:
		_, err = l.realm.whisper(t, "", rapid.SampledFrom(t.people).Draw(l.T, "listener"), false)
	default:
		_, err = l.realm.whisper(t, rapid.SampledFrom(t.videos).Draw(l.T, "video"), nil, false)
		if err == nil {
			l.moved(t)
		}
	}
	if err != nil {
		l.Fatal(err)
	}
}

// outside publishes an event as a worker of some organization for any video.
func (l *trial) outside() {
	p := l.person()
	id, of, is := l.pick(p.tenant, "video")
	text := l.realm.note(word("outside"), mark{tenant: of})
	r := l.house.askJSON("POST", "/api/events", p.good, fmt.Sprintf(`{"event":"video:updated","videoId":%q,"data":{"note":%q}}`, id, text))
	may := (models.Identity{Role: p.role}).May(models.ActionPublish)
	switch {
	case !may && r.Code != http.StatusForbidden, may && is != own && r.Code != http.StatusNotFound, may && is == own && r.Code != http.StatusAccepted:
		l.Fatalf("an event by a %s for an id that is %d: %d %s", p.role, is, r.Code, r.Body)
	case r.Code == http.StatusAccepted:
		l.moved(of)
	default:
		l.still(of, "a refused event")
	}
}

// work does what a worker would.
func (l *trial) work() {
	t := l.tenant()
	if len(t.videos) == 0 {
		return
	}
	id := rapid.SampledFrom(t.videos).Draw(l.T, "video")
	pub := l.house.back.Publisher
	v, err := l.house.back.Store.Get(l.realm.ctx, t.id, id)
	if err != nil {
		l.Fatal(err)
	}
	switch {
	case v.Status == models.StatusQueued:
		_, _ = pub.Advance(l.realm.ctx, t.id, id, models.Claim("the model", v.Attempt))
	case v.Status == models.StatusProcessing && rapid.Bool().Draw(l.T, "finish"):
		_, _ = pub.Advance(l.realm.ctx, t.id, id, models.FinishStage(v.Fence, v.Stage, func(*models.Video) {}))
	case v.Status == models.StatusProcessing:
		text := l.realm.note(word("progress"), mark{tenant: t})
		_ = pub.Progress(l.realm.ctx, &v, models.Report{Fraction: 0.5, Message: text}, models.ToOrganization)
	}
	l.moved(t)
}

func (l *trial) upload() {
	t := l.tenant()
	if len(t.videos) > 6 {
		return
	}
	kind := rapid.SampledFrom([]string{"video", "video", "batch", "upload"}).Draw(l.T, "kind")
	if kind == "batch" && len(t.batches) > 3 || kind == "upload" && len(t.uploads) > 3 {
		return
	}
	if _, err := l.realm.object(t, kind); err != nil {
		l.Fatal(err)
	}
	l.moved(t)
}
