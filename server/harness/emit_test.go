package main

import (
	"encoding/json"
	"testing"

	"reelroom/server/harness/sio/siotest"
)

// answers acknowledges the first event with args, and passes it on.
func answers(args string, said chan<- string) func(*siotest.Conn) {
	return func(c *siotest.Conn) {
		c.Accept("p")
		packet := c.Read()
		said <- packet
		if args != "" {
			c.Ack(packet, args)
		}
		c.Stay()
	}
}

func TestEmit(t *testing.T) {
	t.Parallel()
	f, said := newFake(t), make(chan string, 1)
	f.script = answers(`[{"ok":true,"cursor":"e.1"},2]`, said)
	f.harness(t.Context(), "emit", "chat:message", `{"text":"hi"}`, `"second"`).want(t, 0, "{\n  \"ok\": true,\n  \"cursor\": \"e.1\"\n}\n2\n", "")
	if got := <-said; got != `420["chat:message",{"text":"hi"},"second"]` {
		t.Error(got)
	}
	r := f.harness(t.Context(), "emit", "x", "--json")
	var line struct {
		Event  string
		Ack    []json.RawMessage
		TookMs *float64
	}
	if err := json.Unmarshal([]byte(r.out), &line); err != nil || line.Event != "x" || len(line.Ack) != 2 || line.TookMs == nil {
		t.Errorf("%+v %v", r, err)
	}
	<-said
	f.script = answers(`[]`, said)
	f.harness(t.Context(), "emit", "x").want(t, 0, "acknowledged, without a value\n", "")
	<-said
	f.script = answers("", said)
	f.harness(t.Context(), "emit", "x", "--no-ack").want(t, 0, "", "")
	if got := <-said; got != `42["x"]` {
		t.Error(got)
	}
}

func TestEmitFails(t *testing.T) {
	t.Parallel()
	f, said := newFake(t), make(chan string, 1)
	f.script = answers(`[{"ok":false,"error":{"code":"not_found"}}]`, said)
	f.harness(t.Context(), "emit", "video:subscribe", `"v"`).want(t, 1, "…\"ok\": false…", "")
	<-said
	f.script = answers("", said)
	f.harness(t.Context(), "emit", "x", "--timeout", "20ms").want(t, 1, "", "timeout: no acknowledgement of x within 20ms\n")
	<-said
	f.script = func(c *siotest.Conn) { c.Accept("p"); c.Read(); c.Send("41"); c.Stay() }
	f.harness(t.Context(), "emit", "x").want(t, 1, "", "disconnected: the server ended the session\n")
}
