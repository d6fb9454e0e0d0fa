package load

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestMarker(t *testing.T) {
	t.Parallel()
	at := time.Unix(1_800_000_000, 123_456_789)
	m := Marker{Run: "r1", Org: 3, N: 42, At: at}
	text := []byte(`42["video:updated",{"a":1,"load":"` + m.String() + `"},"e.7"]` + `{"load":"r1.3.43.5"}`)
	got, rest, ok := next(text)
	if !ok || string(got.run) != "r1" || got.org != 3 || got.n != 42 || got.unixNano != at.UnixNano() {
		t.Errorf("%+v %v", got, ok)
	}
	if got, rest, ok = next(rest); !ok || got.n != 43 {
		t.Errorf("the second: %+v %v", got, ok)
	}
	if _, _, ok = next(rest); ok {
		t.Error("a third one")
	}
	for _, bad := range []string{"", `"load":"`, `"load":""`, `"load":"r"`, `"load":"r.1.2"`, `"load":"r.1.2."`, `"load":"r.1.2.3x"`,
		`"load":"r.x.2.3"`, `"load":"r.1..3"`, `"load":"r.1.2.3.4"`, `"load":"r.99999999999999999999.2.3"`, `"load":5`} {
		if got, _, ok := next([]byte(bad)); ok {
			t.Errorf("%s gives %+v", bad, got)
		}
	}
}

func TestCursorOfAnEvent(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`42["a",{},"e.7"]`: "e.7", `42["a",{}]`: "", `42["a",5]`: "", `42["a","x"]`: "x", `42["a"]`: "", ``: "", `"]`: "",
	} {
		if got := lastString([]byte(text)); string(got) != want {
			t.Errorf("%s: %q", text, got)
		}
	}
	for cursor, want := range map[string]uint64{"e.7": 7, "": 0, "e": 0, "e.x": 0, ".12": 12} {
		if got := seqOf([]byte(cursor)); got != want {
			t.Errorf("%s: %d", cursor, got)
		}
	}
}

// unmasked is the frame that a server sends.
func unmasked(opcode byte, payload string) []byte {
	f := clientFrame(opcode, []byte(payload))
	head := len(f) - len(payload) - 4
	f[1] &^= 0x80
	return append(f[:head:head], payload...)
}

func TestFrames(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, 125, 126, 65535, 65536} {
		payload := strings.Repeat("p", size)
		f := unmasked(opText, payload)
		for cut := range []int{0, 1, 2, 3, 9, len(f) - 1} {
			if cut < len(f) {
				if _, _, n, err := parseFrame(f[:cut]); n != 0 || err != nil {
					t.Errorf("%d of %d bytes: %d, %v", cut, len(f), n, err)
				}
			}
		}
		opcode, got, n, err := parseFrame(append(f, "rest"...))
		if err != nil || opcode != opText || string(got) != payload || n != len(f) {
			t.Errorf("%d bytes: opcode %d, %d bytes, size %d, %v", size, opcode, len(got), n, err)
		}
	}
	for _, bad := range [][]byte{{0x01, 0}, {0x80, 0}, {0xC1, 0}, clientFrame(opText, []byte("masked"))} {
		if _, _, _, err := parseFrame(bad); err == nil {
			t.Errorf("% x is taken", bad)
		}
	}
	if _, _, _, err := parseFrame([]byte{0x81, 127, 0, 0, 0, 0, 1, 0, 0, 0}); err != errLarge {
		t.Errorf("16 MiB: %v", err)
	}
}

// What a server sends is read without a crash, and is never larger than it was.
func FuzzFrame(f *testing.F) {
	f.Add(unmasked(opText, `42["a",{"load":"r.0.1.5"},"e.7"]`))
	f.Add([]byte{0x81, 126, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		_, payload, size, err := parseFrame(b)
		if err != nil || size == 0 {
			return
		}
		if size > len(b) || !bytes.Contains(b[:size], payload) {
			t.Fatal(size, len(b))
		}
		c := &Conn{fleet: New(Config{Run: "r"})}
		for _, d := range []Dialect{SocketIO{}, Centrifugo{"c"}} {
			_, _ = d.Take(c, payload)
		}
	})
}
