package limits

import (
	"bytes"
	"log/slog"
	"net/http"
	"strings"
	"testing"
)

func request(peer string, forwarded ...string) *http.Request {
	r := &http.Request{RemoteAddr: peer, Header: http.Header{}}
	for _, f := range forwarded {
		r.Header.Add("X-Forwarded-For", f)
	}
	return r
}

func TestAddressOfARequest(t *testing.T) {
	t.Parallel()
	l := New(Settings{TrustedProxies: "10.0.0.0/8, 2001:db8:ffff::/48,192.0.2.1"}, nil)
	for _, c := range []struct {
		name, peer string
		forwarded  []string
		want       string
	}{
		{"no proxy", "203.0.113.9:4711", nil, "203.0.113.9"},
		{"a stranger's word", "203.0.113.9:4711", []string{"198.51.100.1"}, "203.0.113.9"},
		{"behind a proxy", "10.1.2.3:80", []string{"198.51.100.1"}, "198.51.100.1"},
		{"single address", "192.0.2.1:80", []string{"198.51.100.1"}, "198.51.100.1"},
		{"the neighbour of it", "192.0.2.2:80", []string{"198.51.100.1"}, "192.0.2.2"},
		{"two proxies", "10.1.2.3:80", []string{"198.51.100.1, 10.9.9.9"}, "198.51.100.1"},
		{"two headers", "10.1.2.3:80", []string{"198.51.100.1", "10.9.9.9"}, "198.51.100.1"},
		{"forged on the left", "10.1.2.3:80", []string{"1.1.1.1, 127.0.0.1,198.51.100.1, 10.9.9.9"}, "198.51.100.1"},
		{"forged in another header", "10.1.2.3:80", []string{"1.1.1.1", "198.51.100.1"}, "198.51.100.1"},
		{"only proxies", "10.1.2.3:80", []string{"10.7.7.7, 10.9.9.9"}, "10.7.7.7"},
		{"a proxy's own request", "10.1.2.3:80", nil, "10.1.2.3"},
		{"rubbish", "10.1.2.3:80", []string{"198.51.100.1, unknown"}, "10.1.2.3"},
		{"rubbish behind a proxy", "10.1.2.3:80", []string{"<script>, 10.9.9.9"}, "10.9.9.9"},
		{"empty", "10.1.2.3:80", []string{""}, "10.1.2.3"},
		{"with ports", "10.1.2.3:80", []string{"198.51.100.1:999"}, "198.51.100.1"},
		{"IPv6 with a port", "10.1.2.3:80", []string{"[2001:db8:1:2:3::4]:999"}, "2001:db8:1:2::/64"},
		{"IPv6", "[2001:db8:1:2:3:4:5:6]:1", nil, "2001:db8:1:2::/64"},
		{"IPv6 zone", "[fe80::1%eth0]:1", nil, "fe80::/64"},
		{"IPv6 proxy", "[2001:db8:ffff::1]:1", []string{"2001:db8:1:2::9"}, "2001:db8:1:2::/64"},
		{"IPv4 in IPv6", "[::ffff:203.0.113.9]:1", nil, "203.0.113.9"},
		{"a proxy in IPv6", "[::ffff:10.1.1.1]:1", []string{"::ffff:198.51.100.1"}, "198.51.100.1"},
		{"loopback", "127.0.0.1:1", nil, "127.0.0.1"},
		{"loopback that is not trusted", "127.0.0.1:1", []string{"198.51.100.1"}, "127.0.0.1"},
		{"IPv6 loopback", "[::1]:1", nil, "::/64"},
		{"socket file", "@", nil, ""},
	} {
		want := Address{}
		if c.want != "" {
			ip, ok := parseIP(strings.TrimSuffix(c.want, "/64"))
			if want = addressOf(ip); !ok || want.String() != c.want {
				t.Fatal(c.want)
			}
		}
		if got := l.address(request(c.peer, c.forwarded...)); got != want {
			t.Errorf("%s: %v, want %v", c.name, got, want)
		}
	}
	local := New(Settings{TrustedProxies: "127.0.0.1,::1"}, nil)
	if got := local.address(request("127.0.0.1:1", "198.51.100.1")).String(); got != "198.51.100.1" {
		t.Errorf("behind a trusted proxy on this machine: %s", got)
	}
	if got := local.address(request("127.0.0.1:1")).String(); got != "127.0.0.1" {
		t.Errorf("a trusted proxy that names nobody: %s", got)
	}
}

func TestAMissingProxyIsNamedOnce(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	l := New(Settings{}, slog.New(slog.NewTextHandler(&log, nil)))
	l.address(request("10.1.2.3:80"))
	l.address(request("203.0.113.9:80", "1.1.1.1")) // anybody can write this
	if log.Len() != 0 {
		t.Errorf("without a proxy: %s", &log)
	}
	for range 3 {
		l.address(request("10.1.2.3:80", "198.51.100.1"))
	}
	if n := strings.Count(log.String(), "TRUSTED_PROXIES"); n != 1 || strings.Contains(log.String(), "198.51") {
		t.Errorf("named %d times: %s", n, &log)
	}
}

func TestSettingsAreChecked(t *testing.T) {
	t.Parallel()
	for _, good := range []Settings{{}, {TrustedProxies: " , 10.0.0.0/8,::1 "}, {UserMessages: 5}} {
		if wrong := good.Validate(); len(wrong) > 0 {
			t.Errorf("%+v: %v", good, wrong)
		}
	}
	bad := Settings{TrustedProxies: "10.0.0.0/33,proxy.example,10.0.0.1", UserUploads: -1, OrgEvents: maxLimit + 1}
	wrong := bad.Validate()
	if len(wrong) != 4 {
		t.Fatalf("%v", wrong)
	}
	for i, want := range []string{"LIMIT_USER_UPLOADS=-1", "LIMIT_ORG_EVENTS=", `"10.0.0.0/33"`, `"proxy.example"`} {
		if !strings.Contains(wrong[i].Error(), want) {
			t.Errorf("%v does not name %s", wrong[i], want)
		}
	}
}

// Whatever a stranger writes in front, the address stays the one that the first
// trusted proxy has seen.
func FuzzForwardedFor(f *testing.F) {
	for _, s := range []string{"", "127.0.0.1", "10.0.0.1, ::1", ",,", "unknown, [::1]:0", "1.1.1.1:99999", "fe80::1%eth0", "::ffff:10.0.0.1"} {
		f.Add(s)
	}
	l := New(Settings{TrustedProxies: "10.0.0.0/8"}, nil)
	f.Fuzz(func(t *testing.T, forged string) {
		for _, r := range []*http.Request{
			request("10.1.1.1:1", forged+",203.0.113.9"), request("10.1.1.1:1", forged, "203.0.113.9, 10.2.2.2"),
			request("203.0.113.9:1", forged),
		} {
			if got := l.address(r).String(); got != "203.0.113.9" {
				t.Errorf("%q became %s", r.Header, got)
			}
		}
		l.address(request("10.1.1.1:1", forged))
		l.address(request(forged, forged))
	})
}

// The log names the client whole, also behind a trusted proxy, and the peer
// where there are no limits.
func TestClient(t *testing.T) {
	t.Parallel()
	l := New(Settings{TrustedProxies: "10.0.0.0/8"}, nil)
	for _, c := range []struct {
		limits *Limits
		r      *http.Request
		want   string
	}{
		{l, request("10.1.1.1:1", "198.51.100.7, 203.0.113.9"), "203.0.113.9"},
		{l, request("10.1.1.1:1", "2001:db8::5"), "2001:db8::5"},
		{l, request("10.1.1.1:1"), "10.1.1.1"},
		{l, request("203.0.113.9:1", "198.51.100.7"), "203.0.113.9"},
		{l, request("@"), ""},
		{nil, request("10.1.1.1:1", "203.0.113.9"), "10.1.1.1"},
	} {
		if got := c.limits.Client(c.r); got != c.want {
			t.Errorf("%s, %q: %q instead of %q", c.r.RemoteAddr, c.r.Header["X-Forwarded-For"], got, c.want)
		}
	}
}
