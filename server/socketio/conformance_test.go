//go:build !stock

package socketio

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/zishang520/engine.io-go-parser/packet"
	"github.com/zishang520/engine.io/v2/engine"
	"github.com/zishang520/socket.io-go-parser/v2/parser"
	"github.com/zishang520/socket.io/v2/socket"

	"reelroom/models"
	"reelroom/models/modelstest/testenv"
)

// hold keeps the server of the protocol tests on localhost:3000, where the
// official suites look for it:
//
//	go test ./server/socketio -run TestProtocols -args -hold 5m
var hold = flag.Duration("hold", 0, "serve the official protocol suites on localhost:3000 for so long, and do nothing else")

// pace is how long the server waits for its clients.
type pace struct{ interval, timeout, connect time.Duration }

var (
	// officialPace is what the official suites ask for.
	officialPace = pace{300 * time.Millisecond, 200 * time.Millisecond, time.Second}
	// easyPace lets a slow machine answer in time.
	easyPace = pace{time.Second, 6 * time.Second, 6 * time.Second}
)

// announcedPayload is the limit that the official suites expect to read. It is
// only announced: the door keeps to its own.
const announcedPayload = 1_000_000

// TestProtocols runs the tests of frontend/conformance/protocol against two
// doors of the kind that those of the official suites need: one echoes Engine.IO
// messages, the other Socket.IO events.
func TestProtocols(t *testing.T) {
	if *hold > 0 {
		startEcho(t, "localhost:3000", officialPace)
		time.Sleep(*hold)
		return
	}
	t.Parallel()
	node := testenv.Program(t, "node")
	clientModules(t) // stands beside what the tests import
	url := startEcho(t, "127.0.0.1:0", easyPace)
	expected := must(json.Marshal(map[string]int64{
		"pingInterval": easyPace.interval.Milliseconds(), "pingTimeout": easyPace.timeout.Milliseconds(), "maxPayload": announcedPayload,
	}))(t)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	files := must(filepath.Glob(filepath.Join("..", "..", "frontend", "conformance", "protocol", "*.test.mjs")))(t)
	if len(files) == 0 {
		t.Fatal("no tests")
	}
	cmd := exec.CommandContext(ctx, node, append([]string{"--test", "--test-reporter=tap"}, files...)...)
	cmd.Env = append(os.Environ(), "ECHO_URL="+url, "ECHO_EXPECTED="+string(expected))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		if strings.HasPrefix(line, "# pass") || strings.HasPrefix(line, "# skipped") {
			t.Log(strings.TrimSpace(line))
		}
	}
}

// startEcho serves the two doors, and returns their address.
func startEcho(t *testing.T, address string, p pace) string {
	t.Helper()
	listener := must(net.Listen("tcp", address))(t)
	hub := newFakeHub()
	doors := map[string]*Door{}
	for path, prepare := range map[string]func(*Door){"/engine.io/": echoEngine, "/socket.io/": echoEvents} {
		door := must(New(Config{
			Authenticate: anybody, Snapshot: fakeSnapshot(hub), Hub: hub, Events: hub, Sessions: newFakeSessions(),
			Logger:       slog.New(slog.NewTextHandler(t.Output(), nil)),
			PingInterval: p.interval, PingTimeout: p.timeout,
			trial: &trial{namespaces: []string{"/custom"}, event: echoEvent},
		}))(t)
		door.io.SetConnectTimeout(p.connect)
		door.announced = announcedPayload
		prepare(door)
		doors[path] = door
	}
	mux := http.NewServeMux()
	for path, door := range doors {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			r.Header.Set("Authorization", "Bearer anybody") // the suites know no token
			door.ServeHTTP(w, r)
		})
	}
	server := &http.Server{Handler: mux}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener)
	}()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		for _, door := range doors {
			if err := door.Close(ctx); err != nil {
				t.Errorf("close: %v", err)
			}
		}
		_ = server.Close()
		<-served
	})
	return fmt.Sprintf("http://%s", listener.Addr())
}

// anybody lets everybody in.
func anybody(context.Context, string) (models.Identity, error) {
	return models.Identity{OrganizationID: "a", UserID: "u", Role: models.RoleViewer, ExpiresAt: time.Now().Add(time.Hour)}, nil
}

// echoEngine takes the place of the Socket.IO library behind a door: it sends
// each Engine.IO message back.
func echoEngine(d *Door) {
	d.io.Engine().RemoveAllListeners("connection")
	_ = d.io.Engine().On("connection", func(args ...any) {
		conn := args[0].(engine.Socket)
		_ = conn.On("data", func(args ...any) { conn.Send(args[0].(io.Reader), &packet.Options{}, nil) })
	})
}

// echoEvents greets each socket with what it has sent to get in.
func echoEvents(d *Door) {
	greet := func(args ...any) {
		sock := args[0].(*socket.Socket)
		auth := sock.Handshake().Auth
		if auth == nil { // a namespace of its own has no middleware
			auth = map[string]any{}
		}
		writePacket(sock, &parser.Packet{Type: parser.EVENT, Nsp: sock.Nsp().Name(), Data: []any{"auth", auth}})
	}
	_ = d.io.On("connection", greet)
	_ = d.io.Of("/custom", nil).On("connection", greet)
}

// echoEvent answers "message" with an event, and "message-with-ack" with an ack.
func echoEvent(s *session, p *parser.Packet) {
	args := p.Data.([]any)
	switch args[0] {
	case "message":
		writePacket(s.socket, &parser.Packet{Type: parser.EVENT, Nsp: p.Nsp, Data: append([]any{"message-back"}, args[1:]...)})
	case "message-with-ack":
		writePacket(s.socket, &parser.Packet{Type: parser.ACK, Nsp: p.Nsp, Id: p.Id, Data: args[1:]})
	}
}

func writePacket(sock *socket.Socket, p *parser.Packet) {
	sock.Client().WriteToEngine(sock.Nsp().Server().Encoder().Encode(p), &socket.WriteOptions{})
}
