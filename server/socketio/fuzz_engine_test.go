//go:build !stock

package socketio

import (
	"encoding/base64"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/zishang520/engine.io/v2/types"
)

// What an Engine.IO packet says reaches the library as it was sent, in its
// order, up to the first packet that the protocol does not know; of a payload
// of the long-polling transport, all or nothing of what has a known type.
func FuzzPayload(f *testing.F) {
	for _, seed := range []string{
		"", "4", "4hello", "4a\x1e4b\x1e4c", "4hello\x1ebAQIDBA==", "b", "b=", "bAQI", "bA\nQI=", "3", "2", "2probe", "5", "6", "0{}", "1", "4a\x1e1\x1e4b",
		"\x1e", "4a\x1e", "\x1e4a", "abc", "4a\x1eabc", "7", "4\xff",
	} {
		f.Add([]byte(seed))
	}
	hub := newFakeHub()
	door := must(New(Config{
		Authenticate: fakeAuth, Snapshot: fakeSnapshot(hub), Hub: hub, Events: hub, Sessions: newFakeSessions(),
	}))(f)
	f.Cleanup(func() { _ = door.Close(f.Context()) })
	f.Fuzz(func(t *testing.T, body []byte) {
		r := httptest.NewRequest("GET", "/socket.io/?EIO=4&transport=polling", nil)
		c := must(door.newConn(r))(t)
		c.place, _ = door.config.Limits.Arrive(r)
		c.poll = &pollTransport{Transport: unused, conn: c}
		door.links.came(c)
		door.heart.add(c)
		defer c.end(reasonForced, nil)
		var got []string
		_ = c.On("data", func(args ...any) {
			buffer := args[0].(types.BufferInterface)
			kind := "4"
			if _, text := buffer.(*types.StringBuffer); !text {
				kind = "b"
			}
			got = append(got, kind+string(buffer.Bytes()))
		})
		err := c.receiveAll(slices.Clone(body))

		want, fine := expectPayload(string(body))
		if !slices.Equal(got, want) || (err == nil) != fine {
			t.Fatalf("%q: %q, %v; want %q, %v", body, got, err, want, fine)
		}
	})
}

// expectPayload reads a payload the slow way: its messages, and whether all of
// it is to be taken.
func expectPayload(body string) (messages []string, fine bool) {
	parts := strings.Split(body, "\x1e")
	for _, part := range parts {
		if part == "" || !strings.Contains("0123456b", part[:1]) {
			return nil, false
		}
	}
	for _, part := range parts {
		switch part[0] {
		case '4':
			messages = append(messages, part)
		case 'b':
			data, err := base64.StdEncoding.DecodeString(part[1:])
			if err != nil {
				return messages, false
			}
			messages = append(messages, "b"+string(data))
		case '2':
			return messages, false
		case '1':
			return messages, true
		}
	}
	return messages, true
}
