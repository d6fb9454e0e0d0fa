package bench

import (
	"encoding/binary"
	"io"
	"net"
	"slices"
	"testing"
	"time"
)

// opMessage is a command as a client sends it, with a body of some length.
func opMessage(command string, body int) []byte {
	m := make([]byte, 26, 64+body)
	binary.LittleEndian.PutUint32(m[12:], opMsg)
	m[25] = 2 // a string
	m = append(append(m, command...), 0)
	m = append(m, make([]byte, body)...)
	binary.LittleEndian.PutUint32(m, uint32(len(m)))
	return m
}

// The names of commands are found however the bytes are cut.
func TestCommandsAreFound(t *testing.T) {
	t.Parallel()
	var stream []byte
	stream = append(stream, opMessage("find", 0)...)
	stream = append(stream, 20, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0xD4, 7, 0, 0, 1, 2, 3, 4) // another kind of message
	stream = append(stream, opMessage("update", 1000)...)
	stream = append(stream, opMessage("aggregate", 3)...)
	for size := 1; size <= len(stream); size += 1 + size/3 {
		var got []string
		w := &wireReader{found: func(name string) { got = append(got, name) }}
		for piece := range slices.Chunk(stream, size) {
			if n, err := w.Write(piece); n != len(piece) || err != nil {
				t.Fatal(n, err)
			}
		}
		if !slices.Equal(got, []string{"find", "update", "aggregate"}) {
			t.Errorf("in pieces of %d: %q", size, got)
		}
	}
}

func TestStoreProxy(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	echoed := make(chan struct{})
	go func() {
		defer close(echoed)
		if c, err := l.Accept(); err == nil {
			_, _ = io.Copy(c, c)
			_ = c.Close()
		}
	}()
	p, uri := counted("mongodb://" + l.Addr().String() + "/db?x=1")
	if p == nil || uri != "mongodb://"+p.listener.Addr().String()+"/db?directConnection=true&x=1" {
		t.Fatal(uri)
	}
	c, err := net.Dial("tcp", p.listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	sent := append(opMessage("find", 10), opMessage("insert", 10)...)
	if _, err := c.Write(sent); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(sent))
	if _, err := io.ReadFull(c, got); err != nil || !slices.Equal(got, sent) {
		t.Errorf("%v", err)
	}
	if n := p.reads.Load(); n != 1 {
		t.Errorf("%d reads", n)
	}
	_ = c.Close()
	p.close()
	<-echoed
	for _, uri := range []string{"mongodb://a,b/db", "mongodb+srv://a/db", "mongodb://a/db?tls=true", "://"} {
		if p, same := counted(uri); p != nil || same != uri {
			t.Errorf("%s: %s", uri, same)
		}
	}
}
