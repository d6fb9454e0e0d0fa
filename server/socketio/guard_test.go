//go:build !stock

package socketio

import (
	"net/http"
	"testing"
	"time"
)

func TestPreflight(t *testing.T) {
	t.Parallel()
	s := startServer(t, func([]any) {})
	req := must(http.NewRequest("OPTIONS", s.URL+"/socket.io/?EIO=4&transport=polling", nil))(t)
	req.Header.Set("Origin", "https://app.example.org")
	req.Header.Set("Access-Control-Request-Method", "GET")
	req.Header.Set("Access-Control-Request-Headers", "authorization")
	resp := must(httpClient.Do(req))(t)
	defer resp.Body.Close()
	for key, want := range map[string]string{
		"Access-Control-Allow-Origin":      "https://app.example.org",
		"Access-Control-Allow-Credentials": "true",
		"Access-Control-Allow-Headers":     "Authorization, Content-Type",
		"Access-Control-Allow-Methods":     "GET, POST",
		"Vary":                             "Origin",
	} {
		if got := resp.Header.Get(key); got != want {
			t.Errorf("%s: %q, want %q", key, got, want)
		}
	}
	if resp.StatusCode != http.StatusNoContent {
		t.Errorf("status %d", resp.StatusCode)
	}
}

func TestStrangerIsSentAway(t *testing.T) {
	t.Parallel()
	s := startServer(t, func([]any) {})
	start := time.Now()
	c := dialRaw(t, s, "EIO=4&transport=websocket")
	c.expectEnd()
	if took := time.Since(start); took < connectTime-time.Second {
		t.Errorf("closed after %v", took)
	}
}

func TestClosedDoorTurnsAway(t *testing.T) {
	t.Parallel()
	s := startServer(t, func([]any) {})
	c := connectRaw(t, s, "a:u:viewer")
	p := connectPoll(t, s, "a:u:viewer")
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			if _, err := c.next(); err != nil {
				return
			}
		}
	}()
	start := time.Now()
	if err := s.door.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took > 2*closeTime {
		t.Errorf("closing took %v", took)
	}
	<-ended
	status, _ := fetch(t, "GET", p.url, "", "")
	if status != http.StatusServiceUnavailable {
		t.Errorf("got %d", status)
	}
	if got := s.door.Stats(); got.Sockets != 0 || got.Rooms != 0 || got.Polling != 0 || got.WebSocket != 0 {
		t.Errorf("left over: %+v", got)
	}
}

func TestPollOutlastsTheTimeoutsOfTheServer(t *testing.T) {
	t.Parallel()
	s := startServer(t, func([]any) {})
	c := connectPoll(t, s, "a:u:viewer")
	time.AfterFunc(4*time.Second, func() { s.hub.publish(progress("a", 7)) })
	if got := number(t, c.next()); got != 7 {
		t.Errorf("got %d", got)
	}
}
