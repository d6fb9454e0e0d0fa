package bench

import (
	"bufio"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
)

// ServeFloor is the server of the floor: it takes WebSockets without a word
// and writes what is posted to /emit to each of them, one bare Write after
// another. It prints its address to out, and ends with ctx.
func ServeFloor(ctx context.Context, out io.Writer) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	f := &floorServer{}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", f.accept)
	mux.HandleFunc("POST /emit", f.emit)
	server := &http.Server{Handler: mux}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	defer f.close()
	if _, err := fmt.Fprintf(out, "address http://%s\n", l.Addr()); err != nil {
		return err
	}
	if err := server.Serve(l); ctx.Err() == nil {
		return err
	}
	return nil
}

type floorServer struct {
	mu    sync.Mutex
	conns []net.Conn
	count int
}

func (f *floorServer) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.conns {
		_ = c.Close()
	}
}

// accept makes the connection a WebSocket (RFC 6455, section 4.2.2).
func (f *floorServer) accept(w http.ResponseWriter, r *http.Request) {
	sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, "no WebSocket", http.StatusBadRequest)
		return
	}
	b := bufio.NewWriter(conn)
	fmt.Fprintf(b, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
		base64.StdEncoding.EncodeToString(sum[:]))
	f.mu.Lock()
	defer f.mu.Unlock()
	if b.Flush() == nil {
		f.conns = append(f.conns, conn)
	}
}

func (f *floorServer) emit(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Event string          `json:"event"`
		Data  json.RawMessage `json:"data"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count++
	text := fmt.Appendf(nil, `42[%q,%s,"floor.%d"]`, body.Event, body.Data, f.count)
	frame := []byte{0x81}
	switch n := len(text); {
	case n < 126:
		frame = append(frame, byte(n))
	case n <= 0xFFFF:
		frame = binary.BigEndian.AppendUint16(append(frame, 126), uint16(n))
	default:
		frame = binary.BigEndian.AppendUint64(append(frame, 127), uint64(n))
	}
	frame = append(frame, text...)
	for _, c := range f.conns {
		_, _ = c.Write(frame) // who has gone is not written to again
	}
	w.WriteHeader(http.StatusAccepted)
}
