//go:build !stock

package socketio

import (
	"errors"
	"strings"
	"testing"
)

// A payload nested deeper than others may be ends the connection that sent it,
// whatever kind of packet brings it, and before anything is made of it.
func TestDeepPayloadsAreRefused(t *testing.T) {
	t.Parallel()
	arrays := func(levels int) string { return strings.Repeat("[", levels) + strings.Repeat("]", levels) }
	for name, packet := range map[string]func(levels int) string{
		"event": func(n int) string { return `2["echo",` + arrays(n-1) + `]` }, "acknowledged event": func(n int) string { return `21["echo",` + arrays(n-1) + `]` },
		"connect": func(n int) string { return `0{"token":"a:u:viewer","more":` + arrays(n-1) + `}` }, "ack": func(n int) string { return `31` + arrays(n) },
		"namespace": func(n int) string { return `2/other,["echo",` + arrays(n-1) + `]` }, "binary event": func(n int) string { return `51-["echo",` + arrays(n-1) + `]` },
		"disconnect": func(n int) string { return `1` + arrays(n) },
	} {
		if _, err := checkPacket(packet(maxDepth)); errors.Is(err, errDepth) {
			t.Errorf("%s: %d levels are refused", name, maxDepth)
		}
		for _, levels := range []int{maxDepth + 1, 5000} {
			if _, err := checkPacket(packet(levels)); !errors.Is(err, errDepth) {
				t.Errorf("%s of %d levels: %v", name, levels, err)
			}
		}
	}
	s := startServer(t, func([]any) {})
	c := connectRaw(t, s, "a:u:viewer")
	c.send(`421["echo",` + arrays(60) + `]`)
	c.expect("431[")
	c.send(`422["echo",` + arrays(5000) + `]`)
	if text, err := c.next(); err == nil {
		t.Errorf("answered %.80s", text)
	}
	fresh := dialRaw(t, s, "EIO=4&transport=websocket")
	fresh.expect("0{")
	fresh.send(`40{"token":"a:u:viewer","more":` + arrays(2000) + `}`)
	if text, err := fresh.next(); err == nil {
		t.Errorf("answered %.80s", text)
	}
	connectRaw(t, s, "a:u:viewer") // the others live
}
