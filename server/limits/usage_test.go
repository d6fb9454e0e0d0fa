package limits

import (
	"net/http"
	"testing"

	"reelroom/models"
)

func TestUsageIsTheOrganizationsOwn(t *testing.T) {
	t.Parallel()
	l := New(Settings{OrgConnections: 10, OrgDownloads: 3, OrgEvents: 5}, nil)
	acme, other := models.Identity{OrganizationID: "acme", UserID: "u"}, models.Identity{OrganizationID: "other", UserID: "u"}
	for range 2 {
		if _, err := l.Sit(acme); err != nil {
			t.Fatal(err)
		}
		if err := l.Event(acme); err != nil {
			t.Fatal(err)
		}
	}
	leave, err := l.Download(other)
	if err != nil {
		t.Fatal(err)
	}
	want := func(org string, connections, downloads, events int64) {
		t.Helper()
		for i, w := range []models.ConsoleLimit{{Name: "connections", Used: connections, Limit: 10, Unit: "connections"},
			{Name: "downloads", Used: downloads, Limit: 3, Unit: "files"}, {Name: "events", Used: events, Limit: 10, Unit: "events"}} {
			got := l.Usage(org)
			if len(got) != 3 || got[i].Name != w.Name || got[i].Limit != w.Limit || got[i].Unit != w.Unit || got[i].Used > w.Used || i != 2 && got[i] != w {
				t.Errorf("%s: %+v, want %+v", org, got, w)
			}
		}
	}
	want("acme", 2, 0, 2)
	want("other", 0, 1, 0)
	leave()
	want("other", 0, 0, 0)
	if got := l.Connected(5); len(got) != 1 || got[0] != "acme" || l.Connections("acme") != 2 || len(l.Connected(0)) != 0 {
		t.Errorf("connected: %q", got)
	}
	var none *Limits
	if none.Usage("acme") != nil || none.Connected(1) != nil || none.Connections("acme") != 0 || none.Queued() != 0 || New(Settings{}, nil).Usage("acme")[2].Limit != 0 {
		t.Error("no limits are used")
	}
}

// What people are shown is the client's own address, behind the proxies.
func TestClientIsBehindTheProxies(t *testing.T) {
	t.Parallel()
	l := New(Settings{TrustedProxies: "10.0.0.0/8"}, nil)
	for _, c := range []struct{ peer, forwarded, want string }{
		{"192.0.2.7:4000", "", "192.0.2.7"}, {"192.0.2.7:4000", "203.0.113.9", "192.0.2.7"}, {"10.1.2.3:4000", "203.0.113.9", "203.0.113.9"},
		{"[2001:db8::7]:4000", "", "2001:db8::7"}, {"127.0.0.1:4000", "", "127.0.0.1"}, {"@", "203.0.113.9", ""},
		{"10.1.2.3:4000", "<script>", "10.1.2.3"},
	} {
		r := &http.Request{RemoteAddr: c.peer, Header: http.Header{}}
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if got := l.Client(r); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
	if got := (*Limits)(nil).Client(&http.Request{RemoteAddr: "192.0.2.7:4000"}); got != "192.0.2.7" {
		t.Errorf("without limits %q", got)
	}
}
