package main

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"reelroom/server/harness/sio/siotest"
)

func TestWatchForPeople(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.script = works(played)
	r := f.harness(t.Context(), "watch", "--video", "video-good.mp4", "--until-outcome")
	r.want(t, 0, "…", "connected to "+f.url+"\n")
	var lines []string
	for line := range strings.Lines(r.out) {
		if _, err := time.Parse("15:04:05.000", line[:12]); err != nil {
			t.Error(err)
		}
		lines = append(lines, line[12:])
	}
	want := `  -        state                Good …od.mp4                           ░░░░░░░░░░   0 %  queued
  #2       video:progress       Good …od.mp4              metadata     █░░░░░░░░░  10 %  Reading metadata
  #3       video:progress       Good …od.mp4              metadata     ██░░░░░░░░  20 %  Reading metadata
  #5       video:processed      Good …od.mp4                           ██████████ 100 %  completed: safe; 1280×720 h264, 12.3 s; warning: no audio
`
	if got := strings.Join(lines, ""); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	f.harness(t.Context(), "watch", "--video", "video-bad.mp4", "--until-outcome").want(t, 1, "…failed: corrupt: The file is damaged.\n", "…")
	f.harness(t.Context(), "watch", "--video", "video-done.mp4", "--until-outcome").want(t, 1, "…state…cancelled\n", "…")
}

func TestWatchJSON(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.script = func(c *siotest.Conn) {
		c.Accept("p")
		c.Send(`42["stream:ready",{"cursor":"e.0"},"e.0"]`)
		c.Send(`42["chat:message",{"text":"<hi> \u001b[2J","userId":"u","seq":1},"e.1"]`)
		c.Send(`42["bare"]`)
		c.Stay()
	}
	r := f.harness(t.Context(), "watch", "--count", "2", "--json")
	if r.code != 0 || r.err != "" {
		t.Errorf("%+v", r)
	}
	want := []string{
		`"chat:message" "e.1" {"text":"<hi> \u001b[2J","userId":"u","seq":1}`, `"bare" "" null`,
	}
	for line := range strings.Lines(r.out) {
		var fields map[string]json.RawMessage
		var at time.Time
		if err := json.Unmarshal([]byte(line), &fields); err != nil || len(fields) != 4 {
			t.Fatalf("%s: %v", line, err)
		}
		if err := json.Unmarshal(fields["receivedAt"], &at); err != nil || at.Location() != time.UTC {
			t.Errorf("receivedAt %s: %v", fields["receivedAt"], err)
		}
		if got := string(fields["event"]) + " " + string(fields["cursor"]) + " " + string(fields["payload"]); len(want) == 0 || got != want[0] {
			t.Fatalf("%s, want %q", got, want)
		}
		want = want[1:]
	}
	if len(want) > 0 {
		t.Errorf("missing %q", want)
	}
}

// TestWatchIsNoTerminalAttack: what others wrote cannot steer the terminal.
func TestWatchIsNoTerminalAttack(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.script = func(c *siotest.Conn) {
		c.Accept("p")
		c.Send(`42["chat:message",{"text":"a\u001b]0;x\u0007b\nc\u202e","userId":"u"},"e.1"]`)
		c.Stay()
	}
	r := f.harness(t.Context(), "watch", "--count", "1")
	if strings.ContainsAny(r.out, "\x1b\x07\u202e") || strings.Count(r.out, "\n") != 1 || !strings.Contains(r.out, "u: a") {
		t.Errorf("%q", r.out)
	}
}

// TestWatchResumes: a cut is told, and with a resumed session nothing is asked
// for again.
func TestWatchResumes(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.script = func(c *siotest.Conn) {
		auth := c.Accept("p")
		if c.Number == 1 {
			c.Ack(c.Read(), `[{"ok":true,"video":{"id":"v","status":"processing"},"cursor":"e.4"}]`)
			c.Send(`42["video:progress",{"videoId":"v","seq":5},"e.5"]`)
			c.Send(`42["video:progress",{"videoId":"other","seq":6},"e.6"]`)
			time.Sleep(50 * time.Millisecond) // a cut may overtake what was written
			c.Drop()
			return
		}
		if !strings.HasPrefix(auth, `{"pid":"p","offset":"e.6","token":"`) {
			t.Errorf("auth %s", auth)
		}
		c.Send(`42["video:progress",{"videoId":"v","seq":7},"e.7"]`)
		c.Stay()
	}
	f.harness(t.Context(), "watch", "--video", "v", "--count", "2").want(t, 0,
		"…state…#5 …#7 …\n", "connected to "+f.url+"\nconnection lost (…); trying again in …\nresumed at "+f.url+"\n")
}

func TestWatchEnds(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.harness(t.Context(), "watch", "--timeout", "20ms").want(t, 0, "", "…")
	f.harness(t.Context(), "watch", "--timeout", "20ms", "--count", "1").want(t, 1, "", "…timeout: 0 of 1 events came within 20ms\n")
	f.harness(t.Context(), "watch", "--timeout", "20ms", "--video", "v", "--until-outcome").want(t, 1, "", "…timeout: no outcome within 20ms\n")
	ctx, stop := context.WithCancel(t.Context())
	f.script = func(c *siotest.Conn) { c.Accept("p"); stop(); c.Stay() }
	f.harness(ctx, "watch").want(t, 0, "", "…")
}

func TestWatchRefused(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.script = func(c *siotest.Conn) {
		c.Accept("p")
		c.Ack(c.Read(), `[{"ok":false,"error":{"code":"not_found","message":"There is no such video."}}]`)
		c.Stay()
	}
	f.harness(t.Context(), "watch", "--video", "v").want(t, 1, "", "…not_found: There is no such video.\n")
	f.script = func(c *siotest.Conn) {
		c.Open(25000, 20000)
		c.Read()
		c.Send(`44{"message":"Invalid token","data":{"code":"token_expired"}}`)
		c.Stay()
	}
	f.harness(t.Context(), "watch").want(t, 1, "", "token_expired: Invalid token\n  make a token with …\n")
	f.harness(t.Context(), "watch", "--json").want(t, 1, "", `{"error":{"code":"token_expired","message":"Invalid token","hint":"…"}}`+"\n")
	harness(t.Context(), "watch", "--url", "http://127.0.0.1:1", "--token", "x").want(t, 1, "", "unreachable: no server answers at http://127.0.0.1:1\n  start it…\n")
	harness(t.Context(), "watch", "--url", f.url+"/elsewhere", "--token", "x").want(t, 1, "", "http_404: the Socket.IO handshake was refused: Not Found\n")
}
