package queue

import (
	"fmt"
	"testing"

	"github.com/alicebob/miniredis/v2"

	"reelroom/models"
)

// Places are told when they have changed, once in a while, to one asker of many,
// and no more of them than were asked for.
func TestNewsAreToldOnce(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	redis := connect(t, server.Addr())
	a, b := NewClient(redis), NewClient(redis)
	for i := range 5 {
		if err := a.Enqueue(t.Context(), "acme", task("acme", fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	ask := func(c *Client, want ...models.Place) {
		t.Helper()
		got, err := c.News(t.Context(), "acme", 3)
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("got %v, %v; want %v", got, err, want)
		}
	}
	at := func(video string, n int) models.Place {
		return models.Place{VideoID: video, Attempt: 1, Position: n}
	}
	ask(a, at("0", 1), at("1", 2), at("2", 3))
	ask(a)
	ask(b)
	server.FastForward(NewsEvery)
	ask(b) // nothing has changed
	server.FastForward(NewsEvery)
	if _, _, _, err := a.order.take(t.Context(), nobody); err != nil {
		t.Fatal(err)
	}
	if err := a.Forget(t.Context(), "acme", &models.Video{ID: "2", Attempt: 1}); err != nil {
		t.Fatal(err)
	}
	ask(b, at("1", 1), at("3", 2), at("4", 3))
	ask(a)
	server.FastForward(newsLife)
	for _, key := range server.Keys() {
		if key == orderKeys+"told:acme" {
			t.Error("what was told is kept for ever")
		}
	}
	if got, err := a.News(t.Context(), "other", 3); err != nil || got != nil {
		t.Errorf("%v, %v", got, err)
	}
}
