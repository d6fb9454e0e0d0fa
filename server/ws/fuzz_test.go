package ws

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"reelroom/server/limits"
)

// Whatever stands in the query: it is answered in time, with a message only to
// who names the job and has a token for it, else with one of the close codes.
func FuzzQuery(f *testing.F) {
	for _, q := range []string{
		"", "jobId=v1&token=acme/ann", "jobId=v1&token=acme/ann&after=e1.1", "jobId=v1&token=evil/eve", "jobId=v2&token=acme/ann&after=e0.18446744073709551615",
		"jobId=v1;token=acme/ann", "jobId=%zz&token=acme/ann", "jobId=v1&jobId=v2&token=x&token=acme/ann", "ticket=x&jobId=v1", "after=.&jobId=v1&token=acme/ann",
		"jobId=" + strings.Repeat("x", 3000) + "&token=acme/ann", "token=acme/ann/down&jobId=v1", "jobId=%00&token=a/%ff",
	} {
		f.Add(q)
	}
	b := newBench(f, true, limits.Settings{})
	b.queued("v1")
	b.progress("v1", 10)
	f.Fuzz(func(t *testing.T, query string) {
		if len(query) > 8<<10 || strings.ContainsFunc(query, func(r rune) bool { return r <= ' ' || r == 127 || r == '#' }) {
			return // no query
		}
		conn, err := b.dial(t.Context(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(time.Minute))
		go fmt.Fprintf(conn, "GET /ws?%s HTTP/1.1\r\nHost: pipe\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n", query)
		r := bufio.NewReader(conn)
		answer, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		if answer.StatusCode == http.StatusBadRequest {
			return // no request
		}
		if answer.StatusCode != http.StatusSwitchingProtocols {
			t.Fatal(answer.Status)
		}
		q, _ := url.ParseQuery(query)
		mine := q.Get("jobId") == "v1" && strings.HasPrefix(q.Get("token"), "acme/")
		if mine && q.Get("after") == "e1.2" {
			return // there is nothing to say
		}
		opcode, payload := frame(t, r)
		if opcode == opText {
			if !mine {
				t.Errorf("%q is told %s", query, payload)
			}
			return
		}
		if opcode != opClose || !slices.Contains([]uint16{1000, 1013, 4001, 4003, 4400, 4404}, binary.BigEndian.Uint16(payload)) {
			t.Errorf("%q is answered by frame %d %q", query, opcode, payload)
		}
	})
}
