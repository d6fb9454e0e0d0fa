package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/models/modelstest/testenv"
	"reelroom/server/harness/verify"
)

// tenants are two organizations of an installation.
func (in *installation) tenants() (both [2]verify.Tenant) {
	for i, org := range []string{"acme", "globex"} {
		token := in.token(org, models.RoleAdmin)
		both[i] = verify.Tenant{ID: org, Token: func() (string, error) { return token, nil }}
	}
	return both
}

func tryOut(t *testing.T, c verify.Config) verify.Report {
	t.Helper()
	c.Rate, c.Publishers, c.Note = 1000, 2, t.Logf
	report, err := verify.Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", report)
	return report
}

// What an operator runs finds nothing wrong with one node, nor with two.
func TestVerifyFindsNothing(t *testing.T) {
	t.Parallel()
	t.Run("one node", func(t *testing.T) {
		t.Parallel()
		in := start(t, map[string]string{"WORKER": "off"})
		verified(t, in.tenants(), in.url)
	})
	t.Run("two nodes", func(t *testing.T) {
		t.Parallel()
		shared := map[string]string{
			"MONGODB_URI": databaseOf(testenv.Variable(t, "MONGODB_TEST_URI"), "reelroom_verify_"+models.NewID(time.Now())), "REDIS_URL": realRedis(t),
			"JWT_SECRET": strings.Repeat("test secret ", 4), "BLOB_URL": "file://" + t.TempDir(), "WORKER": "off",
		}
		a, b := start(t, shared), start(t, shared)
		verified(t, a.tenants(), a.url, b.url)
	})
}

func verified(t *testing.T, tenants [2]verify.Tenant, urls ...string) {
	t.Helper()
	const clients, events, cuts = 4, 200, 24
	r := tryOut(t, verify.Config{URLs: urls, Tenants: tenants, Clients: clients, Events: events, Cuts: cuts, Patience: patience})
	for _, words := range r.Broken {
		t.Error(words)
	}
	if r.Delivery.Deliveries != clients*events || r.Cuts.Cuts < cuts || r.Cuts.Resumed != r.Cuts.Cuts ||
		r.Cuts.Deliveries != clients*r.Cuts.Events || r.Snapshots != clients || r.Probes < 12 {
		t.Errorf("not all was tried: %+v", r)
	}
}

// What is wrong is noticed, and named.
func TestVerifyNotices(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		// tamper returns how often the client gets the nth event of a connection.
		tamper func(n int) (times int)
		mixed  bool
		want   string
	}{
		{"a swallowed event", func(n int) int {
			if n == 7 {
				return 0
			}
			return 1
		}, false, "delivery: client 1"},
		{"a doubled event", func(n int) int {
			if n == 7 {
				return 2
			}
			return 1
		}, false, "delivery: client 1"},
		{"an organization that sees another", nil, true, "isolation: a client that stays of organization other received an event of acme"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			in := start(t, map[string]string{"WORKER": "off"})
			tenants, url := in.tenants(), in.url
			if test.tamper != nil {
				url = tampering(t, in.url, test.tamper)
			}
			if test.mixed { // its token is the first one's
				tenants[1] = verify.Tenant{ID: "other", Token: tenants[0].Token}
			}
			wait := 15 * time.Second // for the event that never comes
			if test.mixed {
				wait = patience
			}
			r := tryOut(t, verify.Config{URLs: []string{url}, Tenants: tenants, Clients: 2, Events: 20, Patience: wait})
			if r.OK() || !strings.Contains(strings.Join(r.Broken, "\n"), test.want) {
				t.Errorf("not found: %q in %q", test.want, r.Broken)
			}
		})
	}
}

// tampering stands before a server and repeats, or leaves out, the marked
// events of each WebSocket.
func tampering(t *testing.T, target string, tamper func(n int) int) (url string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	var open sync.Map
	t.Cleanup(func() {
		l.Close()
		open.Range(func(c, _ any) bool { c.(net.Conn).Close(); return true })
		all.Wait()
	})
	serve := func(client net.Conn) {
		defer client.Close()
		server, err := net.Dial("tcp", "localhost:"+target[strings.LastIndexByte(target, ':')+1:])
		if err != nil {
			return
		}
		defer server.Close()
		open.Store(client, nil)
		open.Store(server, nil)
		all.Go(func() {
			defer server.Close()
			_, _ = io.Copy(server, client)
		})
		relay(bufio.NewReader(server), client, tamper)
	}
	all.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { serve(client) })
		}
	})
	return "http://" + l.Addr().String()
}

// relay copies what a server sends; of an upgraded connection, frame by frame.
func relay(from *bufio.Reader, to io.Writer, tamper func(n int) int) {
	if status, _ := from.Peek(12); !bytes.HasSuffix(status, []byte(" 101")) {
		_, _ = io.Copy(to, from)
		return
	}
	for line := ""; line != "\r\n"; {
		var err error
		if line, err = from.ReadString('\n'); err != nil {
			return
		}
		_, _ = io.WriteString(to, line)
	}
	for n := 0; ; {
		frame := make([]byte, 2, 1024)
		if _, err := io.ReadFull(from, frame); err != nil {
			return
		}
		length, more := uint64(frame[1]), 0
		switch length {
		case 126:
			more = 2
		case 127:
			more = 8
		}
		if more > 0 {
			frame = append(frame, make([]byte, more)...)
			if _, err := io.ReadFull(from, frame[2:]); err != nil {
				return
			}
			length = binary.BigEndian.Uint64(append(make([]byte, 8-more), frame[2:]...))
		}
		body := make([]byte, length)
		if _, err := io.ReadFull(from, body); err != nil {
			return
		}
		times := 1
		if bytes.Contains(body, []byte(`"load":"`)) {
			n++
			times = tamper(n)
		}
		for range times {
			if _, err := to.Write(append(frame[:len(frame):len(frame)], body...)); err != nil {
				return
			}
		}
	}
}
