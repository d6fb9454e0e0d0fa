//go:build stock

package socketio

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/zishang520/engine.io/v2/transports"
	"github.com/zishang520/socket.io/v2/socket"

	"reelroom/rooms"
)

// With the build tag "stock" the tests of the defects run against the library
// as it is, used as its documentation shows, to see them fail. Some end the
// process, so that each is run for itself:
//
//	go test -tags stock -run 'TestBurstOverWebsocket' ./server/socketio

type testServer struct {
	*httptest.Server
	hub  *fakeHub
	door stockDoor
}

// stockDoor counts what can be counted.
type stockDoor struct{ io *socket.Server }

func (d stockDoor) Stats() Stats { return Stats{Sockets: d.io.Sockets().Sockets().Len()} }

func startServer(t testing.TB, note func(args []any)) *testServer {
	t.Helper()
	transports.Transports()[transports.WEBSOCKET] = &transports.WebSocketBuilder{}
	transports.Transports()[transports.POLLING] = &transports.PollingBuilder{}
	hub := newFakeHub()
	io := socket.NewServer(nil, nil)
	io.Use(func(sock *socket.Socket, next func(*socket.ExtendedError)) {
		next(nil)
	})
	_ = io.On("connection", func(clients ...any) {
		sock := clients[0].(*socket.Socket)
		sock.Join(socket.Room(rooms.Org("a")))
		_ = sock.Emit("stream:ready", map[string]any{}, "e1.0")
		_ = sock.On("dismiss", func(...any) { sock.Disconnect(true) })
		_ = sock.On("panic", func(...any) { panic("on purpose") })
		_ = sock.On("video:subscribe", func(args ...any) {
			if ack, ok := args[len(args)-1].(socket.Ack); ok {
				ack([]any{map[string]any{"ok": true}}, nil)
			}
		})
		time.Sleep(5 * time.Millisecond) // something is read from a database
		_ = sock.On("note", func(args ...any) { note(args) })
	})
	hub.broadcast = func(name string, payload json.RawMessage, cursor string) {
		_ = io.To(socket.Room(rooms.Org("a"))).Emit(name, payload, cursor)
	}
	mux := http.NewServeMux()
	mux.Handle("/socket.io/", io.ServeHandler(nil))
	server := httptest.NewServer(mux)
	t.Cleanup(server.CloseClientConnections)
	return &testServer{server, hub, stockDoor{io}}
}
