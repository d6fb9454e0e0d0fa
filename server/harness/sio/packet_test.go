package sio

import (
	"testing"
	"time"
)

// FuzzDecode: whatever a server sends, decoding ends, and what it took for an
// event is the same after a second way through.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		"", "0", `0{"sid":"a"}`, "1", `2["a",1]`, `212["a"]`, `2/x,["a"]`, "2", "21", `313[]`, `4{"message":"m"}`,
		`51-["a",{"_placeholder":true}]`, `299999999999999999999["a"]`, `2[1]`, `2{"a":1}`, "2/x",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := decode(s)
		if err != nil || p.kind != packetEvent || p.namespace != "/" {
			return
		}
		name, args, err := p.event()
		if err != nil {
			return
		}
		again, err := decode(p.encode()[1:])
		if err != nil || again.id != p.id {
			t.Fatalf("%q: %+v %v", s, again, err)
		}
		if name2, args2, err := again.event(); err != nil || name2 != name || len(args2) != len(args) {
			t.Fatalf("%q: %q %v %v", s, name2, args2, err)
		}
	})
}

func FuzzOpening(f *testing.F) {
	f.Add(`0{"sid":"a","pingInterval":25000,"pingTimeout":20000}`)
	f.Add(`0{"pingInterval":9223372036854775807,"pingTimeout":9223372036854775807}`)
	f.Fuzz(func(t *testing.T, s string) {
		if o, err := parseOpening(s); err == nil && (o.silence() <= 0 || o.silence() > longestSilence) {
			t.Fatalf("%q: %s", s, o.silence())
		}
	})
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	b := Backoff{Min: time.Second, Max: 5 * time.Second}
	for attempt, middle := range map[int]time.Duration{1: time.Second, 2: 2 * time.Second, 3: 4 * time.Second, 4: 5 * time.Second, 1000: 5 * time.Second} {
		for range 100 {
			if d := b.Wait(attempt); d < middle/2 || d > middle*3/2+1 {
				t.Fatalf("attempt %d: %s", attempt, d)
			}
		}
	}
}
