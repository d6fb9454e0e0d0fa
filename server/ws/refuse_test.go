package ws

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"reelroom/models"
	"reelroom/server/limits"
)

// Every way to be refused, in the code that clients act on.
func TestRefusals(t *testing.T) {
	t.Parallel()
	b := newBench(t, false, limits.Settings{})
	b.queued("v1")
	bearer := "Bearer acme/ann"
	for _, c := range []struct {
		name, query, bearer string
		code                websocket.StatusCode
		reason              string
	}{
		{"nothing", "", "", 4001, "Missing jobId or token"},
		{"no token", "?jobId=v1", "", 4001, "Missing jobId or token"},
		{"an empty token", "?jobId=v1&token=", "", 4001, "Missing jobId or token"},
		{"no job", "?token=acme/ann", "", 4001, "Missing jobId or token"},
		{"an empty job", "?jobId=&token=acme/ann", "", 4001, "Missing jobId or token"},
		{"a bad token", "?jobId=v1&token=rubbish", "", 4003, "Unauthorized"},
		{"an expired token", "?jobId=v1&token=acme/ann/expired", "", 4003, "Unauthorized"},
		{"a revoked token", "?jobId=v1&token=acme/ann/revoked", "", 4003, "Unauthorized"},
		{"a bad token and no job", "?token=rubbish", "", 4003, "Unauthorized"},
		{"a bad bearer", "?jobId=v1", "Bearer rubbish", 4003, "Unauthorized"},
		{"an issuer that is away", "?jobId=v1&token=acme/ann/down", "", 1013, ""},
		{"a foreign job", "?jobId=v1&token=evil/eve", "", 4404, "Unknown job"},
		{"an absent job", "?jobId=v2&token=evil/eve", "", 4404, "Unknown job"},
		{"a foreign job, resumed", "?jobId=v1&after=e1.0&token=evil/eve", "", 4404, "Unknown job"},
		{"an absent job, resumed", "?jobId=v2&after=e1.0&token=evil/eve", "", 4404, "Unknown job"},
		{"a foreign job, resumed at its end", "?jobId=v1&after=e1.1&token=evil/eve", "", 4404, "Unknown job"},
		{"a foreign job, lost", "?jobId=v1&after=x.9&token=evil/eve", "", 4404, "Unknown job"},
		{"an absent job, lost", "?jobId=v2&after=x.9&token=evil/eve", "", 4404, "Unknown job"},
		{"no cursor", "?jobId=v1&after=yesterday&token=acme/ann", "", 4400, "This is not a cursor."},
		{"a header lets in", "?jobId=v1", bearer, 0, ""},
		{"the query goes before the header", "?jobId=v1&token=rubbish", bearer, 4003, "Unauthorized"},
	} {
		var header []string
		if c.bearer != "" {
			header = []string{"Authorization", c.bearer}
		}
		conn := b.connect(c.query, header...)
		if c.code == 0 {
			conn.expect("state e1.1 0")
			continue
		}
		t.Log(c.name)
		conn.closed(c.code, c.reason)
	}
	b.away = true
	b.connect("?jobId=v1"+mine).closed(1013, "The event log does not answer.")
	if n := b.streams.Stats().Open["ws"]; n > 1 {
		t.Errorf("%d streams are left of those refused", n)
	}
	if log := b.log.String(); strings.Contains(log, "acme/ann") || strings.Contains(log, "rubbish") || !strings.Contains(log, `"status":101`) {
		t.Error("the access log holds a token, or not the status: ", log)
	}
}

// Only what is no WebSocket, or another site's, is refused over HTTP.
func TestRefusedBeforeUpgrade(t *testing.T) {
	t.Parallel()
	b := newBench(t, false, limits.Settings{})
	b.queued("v1")
	good := map[string]string{"Connection": "keep-alive, Upgrade", "Upgrade": "WebSocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="}
	host := strings.TrimPrefix(b.url, "http://")
	for _, c := range []struct {
		name, method, header, value string
		status                      int
		code                        models.Code
	}{
		{"good", "GET", "X-Nothing", "", 101, ""},
		{"no upgrade", "GET", "Upgrade", "", 426, models.CodeUpgradeRequired},
		{"another upgrade", "GET", "Upgrade", "h2c", 426, models.CodeUpgradeRequired},
		{"no connection", "GET", "Connection", "close", 426, models.CodeUpgradeRequired},
		{"an old version", "GET", "Sec-WebSocket-Version", "8", 426, models.CodeUpgradeRequired},
		{"no key", "GET", "Sec-WebSocket-Key", "", 426, models.CodeUpgradeRequired},
		{"a short key", "GET", "Sec-WebSocket-Key", "AAAA", 426, models.CodeUpgradeRequired},
		{"HEAD", "HEAD", "X-Nothing", "", 426, ""},
		{"POST", "POST", "X-Nothing", "", 405, "method_not_allowed"},
		{"an allowed page", "GET", "Origin", "https://APP.example.org", 101, ""},
		{"the server's own page", "GET", "Origin", "http://" + host, 101, ""},
		{"a foreign page", "GET", "Origin", "https://evil.example.org", 403, models.CodeOrigin},
		{"a page of the same name", "GET", "Origin", "https://app.example.org.evil.example", 403, models.CodeOrigin},
		{"a page without name", "GET", "Origin", "null", 403, models.CodeOrigin},
		{"a file of the same host", "GET", "Origin", "file://" + host, 403, models.CodeOrigin},
	} {
		r, err := http.NewRequestWithContext(t.Context(), c.method, b.url+"/ws?jobId=v1"+mine, nil)
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range good {
			r.Header.Set(name, value)
		}
		if c.value == "" {
			r.Header.Del(c.header)
		} else {
			r.Header.Set(c.header, c.value)
		}
		answer, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
		if err != nil {
			t.Fatal(c.name, err)
		}
		body := make([]byte, 2048)
		n := 0
		if c.status != 101 {
			n, _ = answer.Body.Read(body)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != c.status || c.code != "" && !strings.Contains(string(body[:n]), `"code":"`+string(c.code)+`"`) {
			t.Errorf("%s: %d %s", c.name, answer.StatusCode, body[:n])
		}
		if c.status == 426 && (answer.Header.Get("Upgrade") != "websocket" || answer.Header.Get("Sec-WebSocket-Version") != "13") {
			t.Errorf("%s: %v", c.name, answer.Header)
		}
	}
}

// Limits are said with the code that brings a client back later.
func TestLimits(t *testing.T) {
	t.Parallel()
	b := newBench(t, false, limits.Settings{UserConnections: 2, UserMessages: 5})
	b.queued("v1")
	one, two := b.connect("?jobId=v1"+mine), b.connect("?jobId=v1"+mine)
	one.expect("state e1.1 0")
	two.expect("state e1.1 0")
	b.connect("?jobId=v1"+mine).closed(1013, "You have too many open connections.")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for range 50 { // what the old clients say is none of the messages
		if err := one.Write(ctx, websocket.MessageText, []byte("ping")); err != nil {
			t.Fatal(err)
		}
	}
	b.progress("v1", 3)
	one.expect("progress e1.2 3")
	for range 6 {
		if err := one.Write(ctx, websocket.MessageBinary, []byte(`{"type":"anything"}`)); err != nil {
			t.Fatal(err)
		}
	}
	one.closed(1008, "Too many messages")
	two.expect("progress e1.2 3")
	if err := two.Write(ctx, websocket.MessageText, make([]byte, 5<<20)); err == nil {
		two.closed(1009, "")
	}
	b.door.Wait(ctx)
	three := b.connect("?jobId=v1" + mine) // the places are free again
	three.expect("state e1.2 0")
}

// Who asks for jobs that are not there is bounded as all others are.
func TestNobodyAsksWithoutBounds(t *testing.T) {
	t.Parallel()
	b := newBench(t, false, limits.Settings{UserHandshakes: 1})
	asked := 0
	b.before = func() { asked++ }
	for range 20 { // as many at once
		b.connect("?jobId=v9"+mine).closed(4404, "Unknown job")
	}
	before := asked
	for range 100 {
		c := b.connect("?jobId=v9" + mine)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		_, _, err := c.Read(ctx)
		cancel()
		if websocket.CloseStatus(err) == websocket.StatusTryAgainLater {
			if asked != before {
				t.Error("the library was asked for who was refused")
			}
			return
		}
		before = asked
	}
	t.Error("nobody was refused")
}
