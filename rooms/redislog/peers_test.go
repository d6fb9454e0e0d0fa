package redislog

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// peer is a node in a test, which answers with its name and who was asked about.
type peer struct {
	*Peers
	stop func()
}

func newPeer(t *testing.T, addr, name string, answer func(org string) []byte) *peer {
	t.Helper()
	if answer == nil {
		answer = func(org string) []byte { return fmt.Appendf(nil, "%q", name+" of "+org) }
	}
	client := newClient(t, addr)
	p := &peer{Peers: New(client, Options{}).Peers(answer)}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := p.Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	p.stop = func() { cancel(); <-done }
	t.Cleanup(p.stop)
	return p
}

// hear waits until so many nodes hear questions.
func hear(t *testing.T, c *redis.Client, nodes int64) {
	t.Helper()
	for range 1000 {
		if n, err := c.PubSubNumSub(t.Context(), "reelroom:questions").Result(); err == nil && n["reelroom:questions"] == nodes {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("not %d nodes hear", nodes)
}

const long = 20 * time.Second

func ask(t *testing.T, p *peer, org string, within time.Duration) (answers []string, whole bool) {
	t.Helper()
	raw, whole, err := p.Ask(t.Context(), org, within)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range raw {
		var s string
		if err := json.Unmarshal(r, &s); err != nil {
			t.Fatal(err)
		}
		answers = append(answers, s)
	}
	slices.Sort(answers)
	return answers, whole
}

func testPeers(t *testing.T, s server) {
	watch := newClient(t, s.addr)
	a := newPeer(t, s.addr, "a", nil)
	hear(t, watch, 1)
	if answers, whole := ask(t, a, "acme", long); len(answers) != 0 || !whole {
		t.Errorf("alone it is answered %q, %t", answers, whole)
	}
	b, c := newPeer(t, s.addr, "b", nil), newPeer(t, s.addr, "c", nil)
	hear(t, watch, 3)
	for _, word := range []string{"", "null", "{", `{"id":"x","to":"reelroom:questions"}`} { // what is no question, or of nobody, harms nobody
		if err := watch.Publish(t.Context(), "reelroom:questions", word).Err(); err != nil {
			t.Fatal(err)
		}
		if err := watch.Publish(t.Context(), a.own, word).Err(); err != nil {
			t.Fatal(err)
		}
	}
	for _, one := range []*peer{a, b, c} {
		if answers, whole := ask(t, one, "a:{c}me", long); len(answers) != 2 || !whole {
			t.Errorf("one of three is answered %q, %t", answers, whole)
		}
	}
	if answers, _ := ask(t, a, "acme", long); !slices.Equal(answers, []string{"b of acme", "c of acme"}) {
		t.Errorf("answered %q", answers)
	}
	c.stop() // as when its process is killed: Redis sees the connection end
	hear(t, watch, 2)
	if answers, whole := ask(t, a, "acme", long); !slices.Equal(answers, []string{"b of acme"}) || !whole {
		t.Errorf("after a node has gone: %q, %t", answers, whole)
	}
	// One that hangs is not waited for longer than was said.
	wake := make(chan struct{})
	newPeer(t, s.addr, "d", func(string) []byte { <-wake; return []byte(`"late"`) })
	t.Cleanup(func() { close(wake) }) // before it is stopped
	hear(t, watch, 3)
	began := time.Now()
	answers, whole := ask(t, a, "acme", 300*time.Millisecond)
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("a node that hangs held the answer for %v", took)
	}
	if whole {
		t.Errorf("the answer without a node is called whole: %q", answers)
	}
}

func TestPeersOnMiniredis(t *testing.T) {
	t.Parallel()
	s, _ := mini(t)
	testPeers(t, s)
}

func TestPeersOnRedis(t *testing.T) {
	t.Parallel()
	testPeers(t, spawn(t).server())
}

// After their connections broke the nodes hear each other again.
func TestPeersSurviveACut(t *testing.T) {
	t.Parallel()
	s := spawn(t).server()
	a, _ := newPeer(t, s.addr, "a", nil), newPeer(t, s.addr, "b", nil)
	watch := newClient(t, s.addr)
	hear(t, watch, 2)
	cut(t, s.addr)
	for deadline := time.Now().Add(30 * time.Second); ; {
		if raw, whole, err := a.Ask(t.Context(), "acme", time.Second); err == nil && whole && len(raw) == 1 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("they do not hear each other any more")
		}
		time.Sleep(50 * time.Millisecond)
	}
}
