package socketio

import (
	"net/url"
	"testing"

	"github.com/zishang520/engine.io/v2/types"
	"github.com/zishang520/socket.io-go-parser/v2/parser"
)

// What the check lets through, the library's decoder takes, and what it makes
// of it has the shape that the rest of the library relies on.
func FuzzPacket(f *testing.F) {
	for _, seed := range []string{
		"", "0", `0{"token":"x"}`, `0/admin,{}`, "1", "2", "21", `2["a"]`, `212["a",{"b":[1,null]}]`, `2[]`, `2[1]`,
		`2["connect"]`, "3", "31", `31[]`, `4{"message":"x"}`, "51-", `51-["a",{"_placeholder":true,"num":0}]`, `50-["a"]`,
		"51000000000-", `61-1[{"_placeholder":true,"num":0}]`, `2/x,1["a"]`, `2["a"]]`, `2 ["a"]`, "7", `20000000000000001["a"]`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		h, err := checkPacket(text)
		if err != nil {
			return
		}
		d := parser.NewDecoder()
		var got *parser.Packet
		_ = d.On("decoded", func(args ...any) { got, _ = args[0].(*parser.Packet) })
		if err := d.Add(types.NewStringBufferString(text)); err != nil {
			return // refused there: also fine
		}
		for range h.attachments {
			if got != nil {
				t.Fatalf("%q: complete before its attachments", text)
			}
			if err := d.Add(types.NewBytesBuffer([]byte{1})); err != nil {
				return
			}
		}
		if got == nil {
			t.Fatalf("%q: not complete", text)
		}
		args, list := got.Data.([]any)
		switch got.Type {
		case parser.EVENT, parser.BINARY_EVENT:
			if _, named := args[0].(string); !list || !named {
				t.Fatalf("%q: %#v", text, got.Data)
			}
		case parser.ACK, parser.BINARY_ACK:
			if !list || got.Id == nil {
				t.Fatalf("%q: %#v", text, got)
			}
		case parser.CONNECT:
			if _, object := got.Data.(map[string]any); !object && got.Data != nil {
				t.Fatalf("%q: %#v", text, got.Data)
			}
		case parser.DISCONNECT:
		default:
			t.Fatalf("%q: type %v", text, got.Type)
		}
	})
}

// The decoder survives anything, and lets nobody in by itself.
func FuzzDecoder(f *testing.F) {
	f.Add(`0{"token":"x"}`, `2["a"]`, []byte{1})
	f.Add(`51-["a",{"_placeholder":true,"num":0}]`, "1", []byte{})
	door := &Door{config: Config{Authenticate: fakeAuth, Sessions: newFakeSessions()}, ctx: f.Context(), index: newIndex()}
	f.Fuzz(func(t *testing.T, first, second string, binary []byte) {
		d := packetParser{door}.NewDecoder().(*decoder)
		_ = d.On("decoded", func(args ...any) {
			if p := args[0].(*parser.Packet); p.Type != parser.CONNECT {
				t.Fatalf("%q %q: %v reached the library", first, second, p.Type)
			}
		})
		_ = d.Add(types.NewStringBufferString(first))
		_ = d.Add(types.NewBytesBuffer(binary))
		_ = d.Add(types.NewStringBufferString(second))
		d.Destroy()
	})
}

// What the guard lets through has one EIO, which is 4, and a known transport.
func FuzzQuery(f *testing.F) {
	for _, seed := range []string{
		"EIO=4&transport=polling", "EIO=4&transport=websocket&sid=abc", "EIO=3&transport=polling", "EIO=4&EIO=3&transport=polling",
		"transport=polling", "EIO=4&transport=polling&j=1", "EIO=%34&transport=polling", "EIO=4;transport=polling", "%zz", "",
	} {
		f.Add(seed, true)
		f.Add(seed, false)
	}
	f.Fuzz(func(t *testing.T, raw string, upgrade bool) {
		if checkQuery(raw, upgrade) != nil {
			return
		}
		// What the library will see.
		q := (&url.URL{RawQuery: raw}).Query()
		want := "polling"
		if upgrade {
			want = "websocket"
		}
		if q.Get("EIO") != "4" || len(q["EIO"]) != 1 || q.Get("transport") != want || q.Has("j") {
			t.Fatalf("%q was let through", raw)
		}
	})
}
