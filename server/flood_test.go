//go:build linux

package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/models/modelstest/testenv"
	"reelroom/server/auth"
)

// within is how soon a full server answers a probe.
const within = time.Second

// launchBounded starts the built server with so many files that it may have open.
func launchBounded(t *testing.T, files int, environment ...string) (address string, cmd *exec.Cmd) {
	t.Helper()
	shell := testenv.Program(t, "sh")
	program, err := built()
	if err != nil {
		t.Fatal(err)
	}
	url, cmd := launchCommand(t, exec.Command(shell, "-c", `ulimit -n "$0" && exec "$1"`, strconv.Itoa(files), program),
		append(environment, "DATA_DIR="+t.TempDir(), "WORKER=off", "JWT_SECRET="+floodSecret)...)
	(&installation{t: t, url: url}).waitReady()
	return strings.Replace(strings.TrimPrefix(url, "http://"), "localhost", "127.0.0.1", 1), cmd
}

var floodSecret = strings.Repeat("flood-secret-", 4)

// probe asks for a path on a connection of its own, and returns the answer's
// status and how long it took.
func probe(address, path string) (int, time.Duration, error) {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 5 * within}
	began := time.Now()
	r, err := client.Get("http://" + address + path)
	if err != nil {
		return 0, time.Since(began), err
	}
	defer r.Body.Close()
	_, err = io.Copy(io.Discard, r.Body)
	return r.StatusCode, time.Since(began), err
}

// flood opens connections that send the beginning of a request and then nothing,
// from one or more addresses of this machine. They stay open until the end of the
// test.
func flood(t *testing.T, address string, n, sources int, begin string) {
	t.Helper()
	open := make(chan net.Conn, n)
	t.Cleanup(func() {
		close(open)
		for c := range open {
			c.Close()
		}
	})
	var all sync.WaitGroup
	for lane := range 20 {
		all.Go(func() {
			for i := lane; i < n; i += 20 {
				d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(1+i%sources))}, Timeout: 5 * within}
				c, err := d.Dial("tcp", address)
				if err != nil {
					t.Error("connections are not even accepted:", err)
					return
				}
				_, _ = io.WriteString(c, begin)
				open <- c
			}
		})
	}
	all.Wait()
}

// A server whose files strangers use up answers probes at once, and from the
// start of the attack.
func TestSilentConnectionsLeaveRoomForProbes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		begin   string
		sources int
		env     string
	}{
		"nothing sent":        {"", 1, ""},
		"many addresses":      {"", 20, ""},
		"a body on the page":  {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n", 1, ""},
		"a body on the API":   {"POST /api/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{", 1, ""},
		"a body on Socket.IO": {"POST /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nh", 1, ""},
		"a silent WebSocket":  {"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", 20, ""},
		"a limit by address":  {"GET / HTTP/1.1\r\nHo", 1, "LIMIT_ADDRESS_CONNECTIONS=100"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, _ := launchBounded(t, 1024, c.env)
			done, worst := make(chan struct{}), time.Duration(0)
			var watching sync.WaitGroup
			watching.Go(func() {
				for {
					status, took, err := probe(address, "/healthz")
					if worst = max(worst, took); err != nil || status != http.StatusOK || took > within {
						t.Errorf("GET /healthz: %d after %v: %v", status, took, err)
						return
					}
					select {
					case <-done:
						return
					case <-time.After(20 * time.Millisecond):
					}
				}
			})
			flood(t, address, 1100, c.sources, c.begin)
			for _, path := range []string{"/healthz", "/readyz"} {
				if status, took, err := probe(address, path); err != nil || status != http.StatusOK || took > within {
					t.Errorf("GET %s: %d after %v: %v", path, status, took, err)
				}
			}
			close(done)
			watching.Wait()
			t.Logf("the slowest probe took %v", worst)
		})
	}
}

// What a connection may cost until a token was verified ends after 10 s on every
// path, whatever it sends.
func TestStrangersAreCutOff(t *testing.T) {
	t.Parallel()
	address, _ := launchBounded(t, 4096, "LIMIT_ADDRESS_LOGINS=0")
	const most, grace = 10 * time.Second, 3 * time.Second
	head := func(method, path string, more ...string) string {
		return method + " " + path + " HTTP/1.1\r\nHost: x\r\n" + strings.Join(append(more, "", ""), "\r\n")
	}
	const form, ten, chunked, kind = "Content-Type: multipart/form-data; boundary=x", "Content-Length: 1000", "Transfer-Encoding: chunked", "Content-Type: application/json"
	cases := map[string]string{
		"nothing": "", "half a head": "GET / HTTP/1.1\r\nHo", "keep-alive": head("GET", "/healthz"), "HTTP/1.0": "POST / HTTP/1.0\r\nContent-Length: 10\r\n\r\n",
		"pipelined": head("GET", "/healthz") + head("GET", "/") + head("POST", "/", ten), "unknown path": head("POST", "/no/such", ten), "expect": head("POST", "/api/auth/login", kind, ten, "Expect: 100-continue"),
	}
	for _, path := range []string{"/", "/assets/none.js", "/healthz", "/readyz", "/metrics", "/api/videos", "/api/uploads", "/api/auth/login", "/api/auth/register", "/api/events", "/api/tickets", "/batch/upload", "/ws", "/socket.io/?EIO=4&transport=polling"} {
		cases["POST "+path] = head("POST", path, kind, ten) + "{"
		cases["chunked POST "+path] = head("POST", path, form, chunked) + "1\r\n"
		cases["GET with a body "+path] = head("GET", path, ten)
	}
	var all sync.WaitGroup
	for name, begin := range cases {
		all.Go(func() {
			bound := most + grace
			if strings.HasPrefix(name, "keep-alive") || strings.HasPrefix(name, "GET with") { // a request that was answered, and an idle time
				bound += most
			}
			if took := lifeOf(t, address, begin, 3*most); took > bound {
				t.Errorf("%s: still open after %v", name, took)
			}
		})
	}
	all.Wait()
}

// lifeOf sends the beginning of a request, and then a byte now and then, until
// the server closes the connection, and returns when that was.
func lifeOf(t *testing.T, address, begin string, patience time.Duration) time.Duration {
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Error(err)
		return 0
	}
	defer c.Close()
	began := time.Now()
	_, _ = io.WriteString(c, begin)
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		for {
			select {
			case <-ended:
				return
			case <-time.After(2 * time.Second):
				_, _ = io.WriteString(c, " ")
			}
		}
	}()
	_ = c.SetReadDeadline(began.Add(patience))
	_, _ = io.Copy(io.Discard, c)
	return time.Since(began)
}

// A member's connections live on a server whose files are used up; who comes
// then is told at once why not.
func TestFullServerRefusesAtOnce(t *testing.T) {
	t.Parallel()
	address, _ := launchBounded(t, 256)
	token, err := auth.Mint([]byte(floodSecret), models.Identity{UserID: "u", OrganizationID: "acme", Role: models.RoleViewer}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	var members []*bufio.Reader
	refused := 0
	for range 400 {
		c, err := net.DialTimeout("tcp", address, 5*within)
		if err != nil {
			t.Fatal("not even accepted:", err)
		}
		t.Cleanup(func() { c.Close() })
		_ = c.SetDeadline(time.Now().Add(5 * within))
		began := time.Now()
		fmt.Fprintf(c, "GET /api/events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\nAuthorization: Bearer %s\r\n\r\n", token)
		r := bufio.NewReader(c)
		answer, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatalf("client %d was neither served nor refused: %v", len(members)+refused, err)
		}
		if took := time.Since(began); took > within {
			t.Errorf("answered after %v", took)
		}
		if answer.StatusCode == http.StatusOK {
			_ = c.SetDeadline(time.Time{})
			members = append(members, bufio.NewReader(answer.Body))
			continue
		}
		body, _ := io.ReadAll(answer.Body)
		if refused++; answer.StatusCode != http.StatusServiceUnavailable || answer.Header.Get("Retry-After") == "" || !strings.Contains(string(body), `"code":"unavailable"`) {
			t.Fatalf("%d %q %s", answer.StatusCode, answer.Header.Get("Retry-After"), body)
		}
	}
	t.Logf("%d clients are in, %d were refused", len(members), refused)
	if len(members) < 100 || refused == 0 {
		t.Errorf("%d clients are in, %d were refused", len(members), refused)
	}
	for range 20 {
		for _, path := range []string{"/healthz", "/readyz"} {
			if status, took, err := probe(address, path); err != nil || status != http.StatusOK || took > within {
				t.Errorf("GET %s: %d after %v: %v", path, status, took, err)
			}
		}
	}
	for i, r := range members {
		line, err := r.ReadString('\n')
		for err == nil && strings.TrimSpace(line) == "" {
			line, err = r.ReadString('\n')
		}
		if err != nil {
			t.Errorf("client %d of those before was cut off: %v", i, err)
		}
	}
}
