package backend

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
)

// The answers of the first commands come while the last ones are still written.
func TestEmbeddedRedisTakesLongPipelines(t *testing.T) {
	t.Parallel()
	client, _, stop, err := openRedis(t.Context(), settings(t, nil), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	value := strings.Repeat("x", 10_000)
	answers, err := client.Pipelined(t.Context(), func(p redis.Pipeliner) error {
		for range 200 {
			p.Set(t.Context(), "k", value, 0)
			p.Get(t.Context(), "k")
		}
		return nil
	})
	if err != nil || len(answers) != 400 {
		t.Fatalf("%d answers, %v", len(answers), err)
	}
	for i, a := range answers {
		if get, ok := a.(*redis.StringCmd); ok && get.Val() != value {
			t.Fatalf("answer %d has %d bytes", i, len(get.Val()))
		}
	}
}

// Who publishes does not wait for a subscriber that reads nothing.
func TestEmbeddedRedisDoesNotWaitForSubscribers(t *testing.T) {
	t.Parallel()
	client, _, stop, err := openRedis(t.Context(), settings(t, nil), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	idle := client.Subscribe(t.Context(), "news")
	defer idle.Close()
	if _, err := idle.Receive(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for range 1000 {
		if n, err := client.Publish(ctx, "news", strings.Repeat("x", 1000)).Result(); n != 1 || err != nil {
			t.Fatalf("%d heard it, %v", n, err)
		}
	}
}

func TestBufferedConnection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		c := newBuffered(ours)
		buf := make([]byte, 3)
		expect := func(n int, err error, wantN int, want error) {
			t.Helper()
			if n != wantN || !errors.Is(err, want) {
				t.Errorf("got %d, %v; want %d, %v", n, err, wantN, want)
			}
		}
		if _, err := theirs.Write([]byte("abcdef")); err != nil { // nobody reads yet
			t.Fatal(err)
		}
		n, err := c.Read(buf)
		expect(n, err, 3, nil)
		n, err = c.Read(buf)
		expect(n, err, 3, nil)

		began := time.Now()
		_ = c.SetDeadline(began.Add(time.Second))
		n, err = c.Read(buf)
		expect(n, err, 0, os.ErrDeadlineExceeded)
		if waited := time.Since(began); waited != time.Second {
			t.Errorf("waited %v", waited)
		}
		_ = c.SetReadDeadline(time.Now().Add(time.Hour))
		go func() { time.Sleep(time.Second); _ = c.SetReadDeadline(time.Now()) }() // of a read that waits
		n, err = c.Read(buf)
		expect(n, err, 0, os.ErrDeadlineExceeded)
		if waited := time.Since(began); waited != 2*time.Second {
			t.Errorf("waited %v", waited)
		}

		_ = c.SetReadDeadline(time.Time{})
		done := make(chan error, 1)
		go func() {
			_, err := theirs.Write(make([]byte, 2*bufferedMost)) // more than is held
			done <- err
		}()
		synctest.Wait()
		select {
		case err := <-done:
			t.Errorf("all was taken: %v", err)
		default:
		}
		go func() { time.Sleep(time.Second); c.Close() }()
		if err := <-done; err == nil {
			t.Error("the peer was not told of the close")
		}
		n, err = c.Read(buf)
		expect(n, err, 0, net.ErrClosed)
	})
}
