package verify

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"reelroom/server/harness/sio"
)

func twoTenants() *trial {
	t := &trial{Config: Config{Tenants: [2]Tenant{{ID: "mine"}, {ID: "theirs"}}}}
	t.videos = [2]string{"my-video", "their-video"}
	return t
}

func event(name, payload, cursor string) sio.Event {
	return sio.Event{Name: name, Args: []json.RawMessage{json.RawMessage(payload), json.RawMessage(fmt.Sprintf("%q", cursor))}}
}

// Whatever tells of the other organization is found: its id, its video's id
// anywhere, its marker.
func TestForeignBytesAreFound(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, payload string
		foreign       string
	}{
		{"own", `{"organizationId":"mine","videoId":"my-video","load":"r.0.1.5"}`, ""},
		{"no object", `"hello"`, ""},
		{"of no organization", `{"message":"x"}`, ""},
		{"organization", `{"organizationId":"theirs"}`, "an event of theirs"},
		{"marker", `{"load":"r.1.7.5"}`, "the other organization's event 7"},
		{"video", `{"organizationId":"mine","message":"see their-video"}`, "the other organization's video their-video"},
	} {
		w := &watcher{trial: twoTenants(), tenant: 0}
		w.event(event("e", c.payload, "e.1"))
		if got := strings.Join(w.foreign, ";"); got == "" != (c.foreign == "") || !strings.Contains(got, c.foreign) {
			t.Errorf("%s: %q", c.name, got)
		}
	}
}

// Only events of the run are counted; a double is named with its place.
func TestWatcherCounts(t *testing.T) {
	t.Parallel()
	w := &watcher{trial: twoTenants(), connects: 1}
	w.follow("r", nil)
	for n, marker := range []string{"r.0.1.5", "other.0.2.5", "r.0.2.5", "r.0.2.5"} {
		w.event(event("video:updated", `{"load":"`+marker+`"}`, fmt.Sprintf("e.%d", n)))
	}
	w.event(event("stream:reset", `{}`, "e.9"))
	if w.tally.Received != 3 || w.tally.Doubles != 1 || w.resets != 1 || !w.complete(2) || w.complete(3) {
		t.Errorf("%+v, %d resets", w.tally, w.resets)
	}
	if want := "; event 2 came at cursor e.3 on connection 1 after cursor e.2 on connection 1"; w.odd != want {
		t.Errorf("%q", w.odd)
	}
}

// The picture is that of the acknowledgement, and of the events after its
// cursor, not of those before.
func TestViewFollowsTheEvents(t *testing.T) {
	t.Parallel()
	w := &watcher{trial: twoTenants(), keep: true}
	v := &view{w, state{ID: "v", Title: "b", Status: "queued", Attempt: 1, Rev: 5}, 10}
	for _, e := range []sio.Event{
		event("video:updated", `{"videoId":"v","title":"a","rev":4,"video":{"id":"v","title":"a","rev":4}}`, "e.9"),
		event("video:updated", `{"videoId":"v","title":"b","rev":5,"video":{"id":"v","title":"b","rev":5}}`, "e.10"),
		event("video:updated", `{"videoId":"v","title":"c","rev":6,"video":{"id":"v","title":"c","status":"queued","attempt":1,"rev":6}}`, "e.11"),
		event("video:updated", `{"videoId":"another","title":"x","rev":9}`, "e.12"),
		event("video:progress", `{"videoId":"v","title":"c","status":"processing","attempt":1,"rev":7}`, "e.13"),
	} {
		w.event(e)
	}
	if got, want := v.now(), (state{"v", "c", "processing", 1, 7}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestNeutralAnswers(t *testing.T) {
	t.Parallel()
	foreign := neutral([]byte(`{"detail":"no abc","requestId":"1"}`), "abc")
	absent := neutral([]byte(`{"detail":"no xyz","requestId":"2"}`), "xyz")
	if foreign != absent || foreign != `{"detail":"no ID","requestId":""}` {
		t.Errorf("%s and %s", foreign, absent)
	}
	r := &trial{}
	r.compare("GET", foreign, absent)
	r.compare("PUT", foreign, "other")
	if r.report.Probes != 2 || len(r.report.Broken) != 1 || !strings.Contains(r.report.Broken[0], "PUT tells") || r.report.OK() {
		t.Errorf("%+v", r.report)
	}
}

func TestTheListIsBounded(t *testing.T) {
	t.Parallel()
	var r Report
	for range maxBroken + 5 {
		r.broken("x")
	}
	if len(r.Broken) != maxBroken || r.More != 5 {
		t.Error(len(r.Broken), r.More)
	}
}

func TestConfigMistakes(t *testing.T) {
	t.Parallel()
	good := Config{URLs: []string{"http://x"}, Tenants: twoTenants().Tenants, Clients: 1, Events: 1, Rate: 1}
	if c, err := good.withDefaults(); err != nil || c.Patience <= 0 || c.Publishers <= 0 || c.HTTP == nil || c.Note == nil {
		t.Errorf("%+v %v", c, err)
	}
	for name, change := range map[string]func(*Config){
		"no address": func(c *Config) { c.URLs = nil }, "one tenant": func(c *Config) { c.Tenants[1] = c.Tenants[0] },
		"no clients": func(c *Config) { c.Clients = 0 }, "no events": func(c *Config) { c.Events = 0 },
		"negative cuts": func(c *Config) { c.Cuts = -1 }, "no rate": func(c *Config) { c.Rate = 0 },
	} {
		c := good
		change(&c)
		if _, err := Run(t.Context(), c); err == nil {
			t.Error(name)
		}
	}
}
