//go:build !stock

package socketio

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"reelroom/server/limits"
)

// startLimited starts a door with limits, behind a proxy on this machine.
func startLimited(t *testing.T, s limits.Settings) (*testServer, *limits.Limits) {
	t.Helper()
	s.TrustedProxies = "127.0.0.1,::1"
	bounds := limits.New(s, nil)
	return startServerWith(t, func([]any) {}, func(c *Config) { c.Limits = bounds }), bounds
}

// refusals counts by the names of the metrics.
func refusals(l *limits.Limits, limit, scope string) uint64 {
	for _, s := range l.Stats() {
		if s.Limit == limit && s.Scope == scope {
			return s.Refused()
		}
	}
	return 0
}

// dialFrom opens a connection from an address; without one the answer says why.
func dialFrom(t *testing.T, s *testServer, address string) (*rawClient, *http.Response) {
	t.Helper()
	url := "ws" + strings.TrimPrefix(s.URL, "http") + "/socket.io/?EIO=4&transport=websocket"
	conn, resp, err := websocket.DefaultDialer.Dial(url, http.Header{"X-Forwarded-For": {address}})
	if err != nil {
		if resp == nil {
			t.Fatalf("dial: %v", err)
		}
		return nil, resp
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &rawClient{t, conn}, resp
}

// expectRefused checks a 429 and returns how long it tells to wait.
func expectRefused(t *testing.T, resp *http.Response) time.Duration {
	t.Helper()
	raw := must(io.ReadAll(resp.Body))(t)
	var body struct {
		Code       int
		Message    string
		Error      string
		RetryAfter int
	}
	seconds, err := strconv.Atoi(resp.Header.Get("Retry-After"))
	if resp.StatusCode != http.StatusTooManyRequests || err != nil || seconds < 1 {
		t.Fatalf("%d, Retry-After %q: %s", resp.StatusCode, resp.Header.Get("Retry-After"), raw)
	}
	if err := json.Unmarshal(raw, &body); err != nil || body.Code != 4 || body.Error != "rate_limited" || body.Message == "" || body.RetryAfter != seconds {
		t.Fatalf("%s (%v)", raw, err)
	}
	return time.Duration(seconds) * time.Second
}

// eventually asks until it is so.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	for until := time.Now().Add(patience); !so(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("not in time: %s", what)
		}
	}
}

func TestTooManyHandshakesOfAnAddress(t *testing.T) {
	t.Parallel()
	s, bounds := startLimited(t, limits.Settings{AddressHandshakes: 1}) // 20 at once
	const tries = 60
	answers := make([]*http.Response, tries)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() {
			req, err := http.NewRequest("GET", s.URL+"/socket.io/?EIO=4&transport=polling", nil)
			if err == nil {
				req.Header.Set("X-Forwarded-For", "203.0.113.9")
				answers[i], err = httpClient.Do(req)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if t.Failed() {
		return
	}
	taken, wait := 0, time.Duration(0)
	for _, resp := range answers {
		defer resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			taken++
		} else {
			wait = expectRefused(t, resp)
		}
	}
	if taken < 20 || taken == tries || refusals(bounds, "handshakes", "address") != uint64(tries-taken) {
		t.Fatalf("%d of %d handshakes were taken, %d refused", taken, tries, refusals(bounds, "handshakes", "address"))
	}
	other, _ := dialFrom(t, s, "203.0.113.10")
	if other == nil {
		t.Error("another address is refused")
	}
	if _, resp := dialFrom(t, s, "203.0.113.9"); resp.StatusCode != http.StatusSwitchingProtocols {
		expectRefused(t, resp)
	}
	time.Sleep(wait)
	eventually(t, "taken after the wait", func() bool { c, _ := dialFrom(t, s, "203.0.113.9"); return c != nil })
}

func TestTooManyConnectionsOfAnAddress(t *testing.T) {
	t.Parallel()
	s, bounds := startLimited(t, limits.Settings{AddressConnections: 2})
	first, _ := dialFrom(t, s, "203.0.113.9")
	second, _ := dialFrom(t, s, "203.0.113.9")
	if first == nil || second == nil {
		t.Fatal("refused below the limit")
	}
	_, resp := dialFrom(t, s, "203.0.113.9")
	expectRefused(t, resp)
	if other, _ := dialFrom(t, s, "2001:db8::1"); other == nil {
		t.Error("another address is refused")
	}
	// A connection that never said who it is counts as well.
	_ = first.conn.Close()
	var again *rawClient
	eventually(t, "taken when another has gone", func() bool { again, _ = dialFrom(t, s, "203.0.113.9"); return again != nil })
	again.expect("0{")
	again.send(connectPacket("a:u:viewer"))
	again.expect("40{")
	if n := refusals(bounds, "connections", "address"); n < 1 {
		t.Errorf("%d refusals counted", n)
	}
}

func TestPlacesAreGivenBack(t *testing.T) {
	t.Parallel()
	s, bounds := startLimited(t, limits.Settings{})
	const address = "203.0.113.9"
	keys := func() (n int) {
		for _, stat := range bounds.Stats() {
			if stat.Limit == "connections" {
				n += stat.Keys()
			}
		}
		return n
	}
	for range 3 {
		c, _ := dialFrom(t, s, address)
		c.expect("0{")
		c.send(connectPacket("a:u:viewer"))
		c.expect("40{")
		if keys() != 3 {
			t.Errorf("%d keys are held, want an organization, a user, an address", keys())
		}
		_ = c.conn.Close()
		eventually(t, "all given back", func() bool { return keys() == 0 })
	}
	req := must(http.NewRequest("POST", s.URL+"/socket.io/?EIO=4&transport=polling", strings.NewReader("4")))(t)
	req.Header.Set("X-Forwarded-For", address)
	resp := must(httpClient.Do(req))(t)
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusBadRequest || keys() != 0 {
		t.Errorf("%d: a handshake that failed holds %d", resp.StatusCode, keys())
	}
}

func TestTooManyBadTokensOfAnAddress(t *testing.T) {
	t.Parallel()
	s, bounds := startLimited(t, limits.Settings{AddressFailures: 2})
	c, _ := dialFrom(t, s, "203.0.113.9")
	c.expect("0{")
	for _, token := range []string{"expired", "expired", "expired", "nonsense"} { // one counts
		c.send(connectPacket(token))
		c.expect("44{")
	}
	c, _ = dialFrom(t, s, "203.0.113.9")
	if c == nil {
		t.Fatal("refused after one bad token")
	}
	c.expect("0{")
	c.send(connectPacket("a:u:viewer"))
	c.expect("40{")
	c.send(`421["auth:refresh",{"token":"nonsense"}]`) // the second
	if answer := c.ackOf(1); answer.Error.Code != "token_invalid" {
		t.Errorf("%+v", answer)
	}
	bad, _ := dialFrom(t, s, "203.0.113.9")
	bad.expect("0{")
	bad.send(connectPacket("nonsense"))
	bad.expect(`44{"data":{"code":"rate_limited","retryAfter":30},"message":"Invalid token"}`)
	bad.send(connectPacket("a:v:viewer")) // a good one passes: behind an address may be many
	bad.expect("40{")
	other, _ := dialFrom(t, s, "203.0.113.10")
	other.expect("0{")
	other.send(connectPacket("nonsense"))
	other.expect(`44{"data":{"code":"token_invalid"`)
	c.send(`422["video:subscribe","v1"]`) // it came before
	if answer := c.ackOf(2); !answer.OK {
		t.Errorf("%+v", answer)
	}
	if n := refusals(bounds, "failed_tokens", "address"); n != 1 {
		t.Errorf("%d refusals counted", n)
	}
}

func TestTooManyHandshakesOfAUser(t *testing.T) {
	t.Parallel()
	s, bounds := startLimited(t, limits.Settings{UserHandshakes: 1}) // 20 at once
	var refused struct {
		Data struct {
			Code       string
			RetryAfter int
		}
	}
	taken := 0
	for range 500 {
		c := dialRaw(t, s, "EIO=4&transport=websocket")
		c.expect("0{")
		c.send(connectPacket("a:u:viewer"))
		text, err := c.next()
		_ = c.conn.Close()
		if err != nil {
			t.Fatal(err)
		}
		if rest, ok := strings.CutPrefix(text, "44"); ok {
			if err := json.Unmarshal([]byte(rest), &refused); err != nil {
				t.Fatal(err)
			}
			break
		}
		taken++
	}
	if taken < 20 || refused.Data.Code != "rate_limited" || refused.Data.RetryAfter != 1 || refusals(bounds, "handshakes", "user") != 1 {
		t.Errorf("after %d: %+v", taken, refused)
	}
	connectRaw(t, s, "a:v:viewer")
}

func TestTooManySocketsOfAUser(t *testing.T) {
	t.Parallel()
	s, bounds := startLimited(t, limits.Settings{UserConnections: 1, OrgConnections: 3})
	refused := func(token, words string) {
		t.Helper()
		c := dialRaw(t, s, "EIO=4&transport=websocket")
		c.expect("0{")
		c.send(connectPacket(token))
		c.expect(`44{"data":{"code":"rate_limited","retryAfter":30},"message":"` + words)
	}
	first := connectRaw(t, s, "a:u:viewer")
	refused("a:u:viewer", "You have too many")
	second := connectPoll(t, s, "a:v:viewer")
	connectRaw(t, s, "a:w:viewer")
	refused("a:x:viewer", "Your organization has too many")
	connectRaw(t, s, "b:u:viewer") // of that name, elsewhere

	_ = first.conn.Close()
	eventually(t, "taken when the other socket has gone", func() bool {
		c := dialRaw(t, s, "EIO=4&transport=websocket")
		c.expect("0{")
		c.send(connectPacket("a:u:viewer"))
		text, err := c.next()
		return err == nil && strings.HasPrefix(text, "40{")
	})
	second.post("41") // a socket that says goodbye
	eventually(t, "its seat is free", func() bool {
		c := dialRaw(t, s, "EIO=4&transport=websocket")
		c.expect("0{")
		c.send(connectPacket("a:v:viewer"))
		text, err := c.next()
		return err == nil && strings.HasPrefix(text, "40{")
	})
	if refusals(bounds, "connections", "user") == 0 || refusals(bounds, "connections", "organization") == 0 {
		t.Error("refusals are not counted")
	}
}
