//go:build !stock

package socketio

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"reelroom/models"
)

func TestDeliveredIsToldTheAgeOfEvents(t *testing.T) {
	t.Parallel()
	ages := make(chan time.Duration, 10)
	s := startServerWith(t, nil, func(c *Config) {
		c.Delivered = func(org string, sockets int, age time.Duration) {
			if org != "a" || sockets != 1 {
				t.Errorf("delivered to %d sockets of %q", sockets, org)
			}
			ages <- age
		}
	})
	made := func(when string) models.Event {
		e := progress("a", 0)
		e.Payload = json.RawMessage(fmt.Sprintf(`{"n":1,"ts":%q}`, when))
		return e
	}
	s.hub.publish(made(time.Now().Add(-time.Hour).Format(time.RFC3339Nano)))
	c := connectRaw(t, s, "a:u:viewer")
	s.hub.publish(
		made("yesterday"),
		progress("a", 0),
		made(time.Now().Add(-time.Minute).Format(time.RFC3339Nano)),
		made(time.Now().Add(time.Hour).Format(time.RFC3339Nano)),
	)
	for range 4 {
		c.expect(`42["video:progress"`)
	}
	for range 2 {
		if age := <-ages; age >= 0 {
			t.Errorf("an event without a time is %v old", age)
		}
	}
	if age := <-ages; age < time.Minute || age > time.Hour {
		t.Errorf("an event of a minute ago is %v old", age)
	}
	if age := <-ages; age != 0 {
		t.Errorf("an event of a clock that goes wrong is %v old", age)
	}
	if len(ages) > 0 {
		t.Errorf("also told: %v", <-ages)
	}
}
