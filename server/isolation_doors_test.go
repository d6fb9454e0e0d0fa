package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"reelroom/models"
	"reelroom/server/harness/sio"
)

// poll asks for what came after a place, which may be another's, and about
// videos, which may be too.
func (l *trial) poll() {
	p := l.person()
	token, good := l.credential(p)
	from := rapid.SampledFrom(l.realm.tenants).Draw(l.T, "place of")
	q := url.Values{"wait": {"0"}}
	if after := rapid.SampledFrom([]string{"", from.head, "anything", "a.0"}).Draw(l.T, "after"); after != "" {
		q.Set("after", after)
	}
	id, is := "", own
	if rapid.Bool().Draw(l.T, "about a video") {
		id, _, is = l.pick(p.tenant, "video")
		q.Set("video", id)
	}
	s := &scanner{realm: l.realm, door: "poll", person: p, follows: func(video string, _ int64) bool { return video == id }}
	e := wayIn{pattern: "GET /api/events", path: "/api/events?" + q.Encode()}
	if rapid.IntRange(0, 3).Draw(l.T, "as a stream") == 0 {
		s.door, e.stream, e.header = "SSE", true, []string{"Accept", "text/event-stream"}
	}
	if !good {
		s.person = nil
	}
	r := l.house.knock(l.realm.ctx, &e, "", token)
	s.all(r.raw)
	switch {
	case !good && r.status != http.StatusUnauthorized, good && is != own && r.status != http.StatusNotFound, good && is == own && r.status != http.StatusOK:
		l.Fatalf("%s %s by a %s (token good: %t) for a video that is %d: %d %s", s.door, e.path, p.role, good, is, r.status, r.text)
	}
	if good && is != own {
		q.Set("video", models.DerivedID("nothing"))
		e.path = "/api/events?" + q.Encode()
		if like := l.house.knock(l.realm.ctx, &e, "", token); like.text != r.text {
			l.Fatalf("a poll about a foreign video answers\n%s\nabout an absent one\n%s", r.text, like.text)
		}
	}
	for _, t := range l.realm.tenants {
		if good && t != p.tenant && strings.Contains(string(r.raw), strings.SplitN(t.head, ".", 2)[0]+".") {
			l.Fatalf("a poll of tenant %d answers with a place of tenant %d", p.tenant.number, t.number)
		}
	}
}

// dial opens a WebSocket for any id, with any token.
func (l *trial) dial() {
	p := l.person()
	e := rapid.SampledFrom(socketWays).Draw(l.T, "entry")
	token, good := l.credential(p)
	id, _, is := l.pick(p.tenant, e.object)
	s := &scanner{realm: l.realm, door: e.pattern, person: p}
	want := http.StatusSwitchingProtocols
	switch {
	case !good:
		want, s.person = http.StatusUnauthorized, nil
	case is != own:
		want = http.StatusNotFound
	}
	r := l.house.knock(l.realm.ctx, &e, id, token)
	s.all(r.raw)
	if want == http.StatusSwitchingProtocols && r.status != want || want != http.StatusSwitchingProtocols && !e.refuses(r, want) {
		l.Fatalf("%s by a %s (token good: %t) for an id that is %d: %d %s", e.pattern, p.role, good, is, r.status, r.text)
	}
	if is == foreign || is == gone {
		if like := l.house.knock(l.realm.ctx, &e, models.DerivedID("nothing"), token); like.text != r.text {
			l.Fatalf("%s: a foreign id is answered %s, an absent one %s", e.pattern, r.text, like.text)
		}
	}
}

var socketWays = slices.DeleteFunc(waysIn(), func(e wayIn) bool { return !e.socket })

// ticket takes a ticket to a door, once and again.
func (l *trial) ticket() {
	p := l.person()
	r := l.house.ask("POST", "/api/tickets", p.good, nil)
	var issued struct{ Ticket string }
	if r.Code != http.StatusCreated || json.Unmarshal(r.Body.Bytes(), &issued) != nil {
		l.Fatalf("a ticket: %d %s", r.Code, r.Body)
	}
	id, _, is := l.pick(p.tenant, "video")
	at := rapid.SampledFrom([]string{"/api/jobs/" + id + "/stream", "/ws?jobId=" + id, "/api/events", "/api/videos/" + id, "/api/videos"}).Draw(l.T, "at")
	e := wayIn{pattern: "GET " + at, path: withQuery(at, url.Values{"ticket": {issued.Ticket}}), header: eventStream, stream: true, socket: strings.HasPrefix(at, "/ws")}
	s := &scanner{realm: l.realm, door: "a ticket at " + at, person: p, typed: map[string]bool{id: true}} // the cookie's path
	want := http.StatusOK
	switch {
	case strings.HasPrefix(at, "/api/videos"): // which takes none
		want, s.person = http.StatusUnauthorized, nil
	case is != own && at != "/api/events":
		want = http.StatusNotFound
	case e.socket:
		want = http.StatusSwitchingProtocols
	}
	first := l.house.knock(l.realm.ctx, &e, "", "")
	s.all(first.raw)
	if want >= http.StatusBadRequest && !e.refuses(first, want) || want < http.StatusBadRequest && first.status != want {
		l.Fatalf("%s by a %s for an id that is %d: %d %s, want %d", s.door, p.role, is, first.status, first.text, want)
	}
	s.person = nil // it is used up
	if again := l.house.knock(l.realm.ctx, &e, "", ""); !e.refuses(again, http.StatusUnauthorized) {
		l.Fatalf("%s, again: %d %s", s.door, again.status, again.text)
	} else {
		s.all(again.raw)
	}
}

// resume cuts a socket, which comes again with what it remembers, or with what
// it has stolen.
func (l *trial) resume() {
	t := l.tenant()
	e := rapid.SampledFrom(t.sockets()).Draw(l.T, "socket")
	transport := sio.Transport(strings.TrimPrefix(e.door, "Socket.IO by "))
	e.leave()
	pid, offset := e.pid, e.offset
	what := rapid.SampledFrom([]string{"its own", "its own", "nothing", "another's pid", "a neighbour's pid", "another's place"}).Draw(l.T, "remembers")
	thief := l.realm.tenants[(t.number+1)%3]
	victim := thief.sockets()[0]
	switch what {
	case "nothing":
		pid, offset = "", ""
	case "another's pid":
		pid, offset = victim.socket.Offset()
	case "a neighbour's pid":
		for _, other := range t.sockets() {
			if other.person != e.person {
				pid, offset = other.socket.Offset()
			}
		}
	case "another's place":
		_, offset = victim.socket.Offset()
	}
	for _, bad := range []string{e.person.expired, e.person.revoked, e.person.forged}[:rapid.IntRange(0, 1).Draw(l.T, "bad first")] {
		if _, err := e.connect(transport, bad, pid, offset); err == nil {
			l.Fatalf("a socket was let in with a bad token")
		}
	}
	if what != "its own" && what != "another's place" { // that one is of its own session, which it keeps
		e.unfollow()
	}
	recovered, err := e.connect(transport, e.person.good, pid, offset)
	if err != nil {
		l.Fatal(err)
	}
	if recovered != (what == "its own") {
		l.Fatalf("a socket came with %s: recovered is %t", what, recovered)
	}
}
