//go:build !stock

package socketio

import (
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"
	"time"
)

// idle makes polling connections that nothing reads.
func idle(t *testing.T, count int) (*Door, []*conn) {
	t.Helper()
	hub := newFakeHub()
	d := must(New(Config{
		Authenticate: fakeAuth, Snapshot: fakeSnapshot(hub), Hub: hub, Events: hub, Sessions: newFakeSessions(),
	}))(t)
	list := make([]*conn, count)
	for i := range list {
		c := must(d.newConn(&http.Request{URL: &url.URL{}}))(t)
		c.poll = &pollTransport{Transport: unused, conn: c}
		d.links.came(c)
		d.heart.add(c)
		list[i] = c
	}
	return d, list
}

// takePings takes what waits for the client, and returns how many pings it was.
func takePings(c *conn) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for _, m := range c.poll.queue.take(0) {
		if m == packetPing {
			n++
		}
	}
	return n
}

func TestHeart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const count = 400
		d, list := idle(t, count)
		interval, timeout := d.config.PingInterval, d.config.PingTimeout
		// The first pings come early, and spread over a part of the interval.
		at := map[time.Duration]int{}
		began := time.Now()
		pinged := 0
		for pinged < count {
			time.Sleep(interval / 100)
			synctest.Wait()
			for _, c := range list {
				n := takePings(c)
				pinged += n
				if at[time.Since(began)] += n; n > 0 {
					d.heart.answered(c)
				}
			}
			if time.Since(began) > interval {
				t.Fatalf("%d of %d were pinged within an interval", pinged, count)
			}
		}
		for when, n := range at {
			if n > 0 && when < interval*7/10 || n > count/8 {
				t.Errorf("%d pings after %v", n, when)
			}
		}
		// From now on half of them say nothing, and some talk without being asked.
		for range 4 {
			time.Sleep(interval / 2)
			synctest.Wait()
			for i, c := range list {
				if n := takePings(c); n > 0 && i%2 == 0 || i%4 == 0 {
					d.heart.answered(c)
				}
			}
		}
		for i, c := range list {
			if want := i%2 == 0; c.ReadyState() != stateOpen == want {
				t.Fatalf("connection %d is %s", i, c.ReadyState())
			}
		}
		for i, c := range list {
			if i%4 == 0 {
				c.Close(true)
			}
		}
		// The rest falls silent: the last of them ends, and with it the timer.
		time.Sleep(interval + timeout + interval/50)
		synctest.Wait()
		if polling, _ := d.links.counts(); polling != 0 || d.heart.count != 0 || d.heart.armed {
			t.Errorf("%d connections are left, %d are pinged", polling, d.heart.count)
		}
		if err := d.Close(t.Context()); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Minute) // what was only to be remembered for a while
	})
}
