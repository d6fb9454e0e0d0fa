//go:build !stock && !windows

package socketio

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"testing"
	"time"

	"reelroom/models/modelstest/testenv"
)

// libraryClient is a client library, in a program that tells what happens to its
// connection and obeys a few commands: see testdata/reconnect.mjs.
type libraryClient struct {
	name string
	// command returns the program and its first arguments. Behind them come
	// the address, the transport, and "static" or "function".
	command    func(t *testing.T) []string
	transports []string
	session    bool // it names its session when it connects again
	asks       bool // after a refusal it connects again by itself
	// chunked tells that it takes each part of a poll's answer for a whole one,
	// so that long answers are lost on it.
	chunked bool
}

var libraryClients = []libraryClient{
	{name: "socket.io-client 3.1", command: nodeClient("socket.io-client-3.1"), transports: []string{"websocket", "polling"}, asks: true},
	{name: "socket.io-client 4.0", command: nodeClient("socket.io-client-4.0"), transports: []string{"websocket", "polling"}, asks: true},
	{name: "socket.io-client 4.8", command: nodeClient("socket.io-client"), transports: []string{"websocket", "polling", "upgrade"}, session: true},
	{name: "python-socketio", command: pythonClient, transports: []string{"websocket", "polling"}, asks: true},
	{name: "java 2.1.2", command: javaClient, transports: []string{"websocket", "polling", "upgrade"}},
	{name: "rust_socketio 0.6", command: rustClient, transports: []string{"websocket", "polling"}, asks: true, chunked: true},
}

func nodeClient(name string) func(*testing.T) []string {
	return func(t *testing.T) []string {
		return []string{testenv.Program(t, "node"), "testdata/reconnect.mjs", clientModules(t), name}
	}
}

func pythonClient(t *testing.T) []string {
	return []string{testenv.Variable(t, "SOCKETIO_PYTHON"), "testdata/reconnect.py"}
}

// javaClient needs SOCKETIO_JAVA, the jar that mvn makes in testdata/java.
func javaClient(t *testing.T) []string {
	return []string{testenv.Program(t, "java"), "-Xmx128m", "-XX:TieredStopAtLevel=1", "-jar", testenv.Variable(t, "SOCKETIO_JAVA")}
}

// rustClient needs SOCKETIO_RUST, the program that cargo makes in testdata/rust.
func rustClient(t *testing.T) []string { return []string{testenv.Variable(t, "SOCKETIO_RUST")} }

// told is a line of a client: what happened to its connection.
type told struct {
	At      string // ready, connect, disconnect, refused, error, event
	Name    string
	Payload struct {
		N         int
		Recovered bool
		ExpiresAt time.Time
	}
	Reason, Details, Code string

	when time.Time
}

// running is a client program.
type running struct {
	t       *testing.T
	process *os.Process
	in      io.Writer
	lines   chan told
	// What it has heard: the numbers of the events, and how often it was told
	// to fetch the present state.
	numbers []int
	resets  int
}

func (c libraryClient) start(t *testing.T, url, transport, how string) *running {
	t.Helper()
	command := c.command(t)
	cmd := exec.Command(command[0], append(command[1:], url, transport, how)...)
	cmd.Stderr = t.Output()
	in, out := must(cmd.StdinPipe())(t), must(cmd.StdoutPipe())(t)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r := &running{t: t, process: cmd.Process, in: in, lines: make(chan told, 1<<14)}
	read := make(chan struct{})
	go func() {
		defer close(read)
		defer close(r.lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			line := told{when: time.Now()}
			if err := json.Unmarshal(s.Bytes(), &line); err != nil {
				line.At, line.Reason = "garbage", s.Text()
			}
			r.lines <- line
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGCONT)
		_ = cmd.Process.Kill()
		<-read
		_ = cmd.Wait()
	})
	r.untilAt("ready")
	return r
}

func (r *running) tell(format string, args ...any) {
	r.t.Helper()
	if _, err := fmt.Fprintf(r.in, format+"\n", args...); err != nil {
		r.t.Fatal(err)
	}
}

func (r *running) signal(s syscall.Signal) {
	r.t.Helper()
	if err := r.process.Signal(s); err != nil {
		r.t.Fatal(err)
	}
}

// until reads what the client tells, up to what fits.
func (r *running) until(what string, fits func(told) bool) told {
	r.t.Helper()
	deadline := time.After(3 * patience)
	for {
		select {
		case line, ok := <-r.lines:
			if !ok {
				r.t.Fatalf("the client ended; waiting for %s", what)
			}
			r.note(line)
			if fits(line) {
				return line
			}
		case <-deadline:
			r.t.Fatalf("the client has not told: %s", what)
		}
	}
}

func (r *running) note(line told) {
	switch {
	case line.At == "event" && line.Name == "video:queued":
		r.numbers = append(r.numbers, line.Payload.N)
	case line.At == "event" && line.Name == "stream:reset":
		r.resets++
	case line.At != "event":
		r.t.Logf("%s %s%s %s", line.At, line.Reason, line.Code, line.Details)
	}
}

func (r *running) untilAt(at string) told {
	r.t.Helper()
	return r.until(at, func(l told) bool { return l.At == at })
}

func (r *running) untilEvent(name string) told {
	r.t.Helper()
	return r.until(name, func(l told) bool { return l.At == "event" && l.Name == name })
}

func (r *running) untilNumber(n int) {
	r.t.Helper()
	if !slices.Contains(r.numbers, n) {
		r.until(fmt.Sprintf("event %d", n), func(l told) bool { return l.Name == "video:queued" && l.Payload.N == n })
	}
}
