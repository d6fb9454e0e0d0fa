package ws

import (
	"bufio"
	"context"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"reelroom/models"
	"reelroom/server/limits"
)

// frame reads one frame of the server's.
func frame(t *testing.T, r *bufio.Reader) (opcode byte, payload []byte) {
	t.Helper()
	head := make([]byte, 2)
	if _, err := io.ReadFull(r, head); err != nil {
		t.Fatal(err)
	}
	size := uint64(head[1])
	if size >= 126 {
		more := make([]byte, map[uint64]int{126: 2, 127: 8}[size])
		if _, err := io.ReadFull(r, more); err != nil {
			t.Fatal(err)
		}
		size = binary.BigEndian.Uint64(append(make([]byte, 8-len(more)), more...))
	}
	payload = make([]byte, size)
	if _, err := io.ReadFull(r, payload); err != nil {
		t.Fatal(err)
	}
	return head[0] & 15, payload
}

const (
	opText  = 1
	opClose = 8
	opPing  = 9
	opPong  = 10
)

// say writes a short frame of a client's, whose mask changes nothing.
func say(t *testing.T, conn net.Conn, opcode byte, payload []byte) {
	t.Helper()
	if _, err := conn.Write(append([]byte{0x80 | opcode, 0x80 | byte(len(payload)), 0, 0, 0, 0}, payload...)); err != nil {
		t.Fatal(err)
	}
}

func closeFrame(t *testing.T, r *bufio.Reader) (code int, reason string) {
	t.Helper()
	opcode, payload := frame(t, r)
	if opcode != opClose || len(payload) < 2 {
		t.Fatalf("got frame %d %q", opcode, payload)
	}
	return int(binary.BigEndian.Uint16(payload)), string(payload[2:])
}

// A ping comes every 30 seconds; who answers stays, also for days.
func TestPingEvery30Seconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, true, limits.Settings{})
		b.queued("v1")
		conn, r := b.raw("?jobId=v1" + mine)
		frame(t, r)
		began := time.Now()
		for i := range 50 {
			opcode, payload := frame(t, r)
			if at := time.Since(began); opcode != opPing || at != time.Duration(i+1)*30*time.Second {
				t.Fatalf("frame %d after %s", opcode, at)
			}
			say(t, conn, opPong, payload)
			synctest.Wait()
		}
		say(t, conn, opText, []byte("ping")) // ignored
		say(t, conn, opPing, []byte("x"))
		if opcode, payload := frame(t, r); opcode != opPong || string(payload) != "x" {
			t.Errorf("a ping was answered by %d %q", opcode, payload)
		}
		say(t, conn, opClose, []byte{3, 232})
		if code, _ := closeFrame(t, r); code != 1000 {
			t.Errorf("a close was answered by %d", code)
		}
		b.door.Wait(t.Context())
		if n := b.door.Ended(endLeft); n != 1 {
			t.Errorf("%d have left", n)
		}
	})
}

// A peer whose network is gone takes everything and answers nothing.
func TestHalfOpenPeerIsNoticed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, true, limits.Settings{})
		b.queued("v1")
		conn, r := b.raw("?jobId=v1" + mine)
		frame(t, r)
		began := time.Now()
		rest, _ := io.ReadAll(r)
		if at := time.Since(began); at != 40*time.Second || len(rest) > 4 {
			t.Errorf("cut after %s, with %x", at, rest)
		}
		_ = conn.Close()
		b.door.Wait(t.Context())
		if n := b.door.Ended(endDead); n != 1 || b.streams.Stats().Open["ws"] != 0 {
			t.Errorf("%d are dead, %d streams are open", n, b.streams.Stats().Open["ws"])
		}
	})
}

// Who takes nothing is cut: it cannot be told why in the middle of a message.
func TestWhoTakesNothingIsCut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, true, limits.Settings{})
		b.queued("v1")
		began := time.Now()
		b.raw("?jobId=v1" + mine) // the state is not taken
		b.door.Wait(t.Context())
		if at := time.Since(began); at != writeTime || b.door.Ended(endSlow) != 1 {
			t.Errorf("cut after %s, %d as slow", at, b.door.Ended(endSlow))
		}
		synctest.Wait()
		if !strings.Contains(b.log.String(), "the client takes nothing") {
			t.Error("the log does not tell why")
		}
	})
}

// Who takes each message slowly is told why it cannot stay. It has lost nothing:
// it may come again with its cursor.
func TestSlowReaderIsToldWhy(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, true, limits.Settings{})
		b.queued("v1")
		_, r := b.raw("?jobId=v1" + mine)
		frame(t, r)
		for pct := range 50 {
			b.progress("v1", pct)
		}
		seen := 0
		for {
			time.Sleep(4 * time.Second)
			opcode, payload := frame(t, r)
			if opcode == opText {
				seen++
				continue
			}
			if opcode == opPing {
				continue
			}
			if code := binary.BigEndian.Uint16(payload); code != 1008 || string(payload[2:]) != "Reader too slow" || seen > 40 {
				t.Errorf("after %d messages: frame %d %q", seen, opcode, payload)
			}
			break
		}
	})
}

// The end of a token, a revocation and a leaving server are told at once; who
// takes nothing at that moment gets a second more.
func TestStreamEnds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, token string
		end         func(*bench)
		after       time.Duration
		code        int
		reason      string
	}{
		{"expired", "acme/ann/short", func(*bench) {}, 2 * time.Second, 4003, "Token expired"},
		{"revoked", "acme/ann", func(b *bench) {
			b.streams.Revoke(models.Revocation{OrganizationID: "acme", Kind: models.RevokeUser, Subject: "ann", At: time.Now()})
		}, 0, 4003, "Token revoked"},
		{"leaving", "acme/ann", func(b *bench) { b.streams.Drain(context.Background()) }, 2 * time.Millisecond, 1012, "This server is stopping."},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, true, limits.Settings{})
				b.queued("v1")
				conn, r := b.raw("?jobId=v1&token=" + c.token)
				frame(t, r)
				began := time.Now()
				c.end(b)
				code, reason := closeFrame(t, r)
				if at := time.Since(began); code != c.code || reason != c.reason || at > c.after {
					t.Errorf("%d %q after %s", code, reason, at)
				}
				synctest.Wait()
				if n := b.streams.Stats().Open["ws"]; n != 0 {
					t.Errorf("%d streams are open while the client does not agree", n)
				}
				b.door.Wait(t.Context()) // it never does
				if at := time.Since(began); at > c.after+closeTime {
					t.Errorf("gone after %s", at)
				}
				_ = conn.Close()
			})
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, true, limits.Settings{})
				b.queued("v1")
				began := time.Now()
				b.raw("?jobId=v1&token=" + c.token) // which takes nothing
				synctest.Wait()
				c.end(b)
				b.door.Wait(t.Context())
				if at := time.Since(began); at > c.after+graceTime {
					t.Errorf("who takes nothing is gone after %s", at)
				}
			})
		})
	}
}

// A client that has begun a large message and stops holds nothing for long, also
// when the server has said that it is too large.
func TestUnfinishedMessageHoldsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, true, limits.Settings{})
		b.queued("v1")
		conn, r := b.raw("?jobId=v1" + mine)
		frame(t, r)
		head := []byte{0x82, 0x80 | 127, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0} // a gigabyte
		began := time.Now()
		go func() { _, _ = conn.Write(append(head, make([]byte, maxMessage+1024)...)) }()
		if code, _ := closeFrame(t, r); code != 1009 {
			t.Errorf("closed with %d", code)
		}
		b.door.Wait(t.Context())
		if at := time.Since(began); at > closeTime {
			t.Errorf("gone after %s", at)
		}
		conn2, r2 := b.raw("?jobId=v1" + mine)
		frame(t, r2)
		began = time.Now()
		if _, err := conn2.Write(head[:len(head)-2]); err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = io.Copy(io.Discard, r2) }()
		b.door.Wait(t.Context())
		if at := time.Since(began); at > 40*time.Second {
			t.Errorf("half a head held a connection for %s", at)
		}
	})
}

// Pings without end are answered until they are too many.
func TestFloodOfPings(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, true, limits.Settings{UserSubscriptions: 1})
		b.queued("v1")
		conn, r := b.raw("?jobId=v1" + mine)
		frame(t, r)
		pongs := 0
		for {
			say(t, conn, opPing, nil)
			opcode, payload := frame(t, r)
			if opcode == opPong {
				pongs++
				continue
			}
			if code := binary.BigEndian.Uint16(payload); opcode != opClose || code != 1008 || pongs != 50 {
				t.Errorf("frame %d %q after %d pongs", opcode, payload, pongs)
			}
			break
		}
		_ = conn.Close()
		b.door.Wait(t.Context())
	})
}

// A panic ends its own connection.
func TestPanicEndsItsOwnConnection(t *testing.T) {
	t.Parallel()
	b := newBench(t, false, limits.Settings{})
	b.queued("v1")
	kept := b.connect("?jobId=v1" + mine)
	kept.expect("state e1.1 0")
	c := &conn{door: b.door}
	c.ctx, c.end = context.WithCancelCause(t.Context())
	func() {
		defer c.guard()
		panic("no")
	}()
	if websocket.StatusCode(ending(context.Cause(c.ctx)).code) != websocket.StatusInternalError || !strings.Contains(b.log.String(), "panicked") {
		t.Error(context.Cause(c.ctx))
	}
	b.progress("v1", 1)
	kept.expect("progress e1.2 1")
}
