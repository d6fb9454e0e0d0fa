package modelstest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"reelroom/models"
)

func once(t *testing.T, s Stores) {
	stores, ctx := s.both(t), within(t)
	var got [32]string
	race(len(got), func(i int) {
		value, err := stores[i%2].Once(ctx, "secret", fmt.Sprint("value ", i))
		if err != nil {
			t.Errorf("once: %v", err)
		}
		got[i] = value
	})
	for _, value := range got {
		if value != got[0] || !strings.HasPrefix(value, "value ") {
			t.Fatalf("the callers got %q", got)
		}
	}
	for _, name := range []string{"other", "a.b", "$x", "Secret"} {
		if value, err := stores[0].Once(ctx, name, "of "+name); err != nil || value != "of "+name {
			t.Errorf("%s: %q, %v", name, value, err)
		}
	}
}

func reopen(t *testing.T, s Stores) {
	address, ctx := s.Fresh(t), within(t)
	store, err := s.Open(ctx, address)
	if err != nil {
		t.Fatal(err)
	}
	v := advance(t, store, create(t, store, acme), models.Claim("w", 1))
	if _, err := store.Once(ctx, "name", "first"); err != nil {
		t.Error(err)
	}
	if err := store.Close(ctx); err != nil {
		t.Errorf("close: %v", err)
	}
	if err := store.Close(ctx); err != nil {
		t.Errorf("close again: %v", err)
	}
	store = s.at(t, address)
	same(t, store, v)
	if value, err := store.Once(ctx, "name", "second"); err != nil || value != "first" {
		t.Errorf("the setting is %q, %v", value, err)
	}
}

func closed(t *testing.T, s Stores) {
	store, err := s.Open(within(t), s.Fresh(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(context.Background()); err != nil {
		t.Error(err)
	}
	_, err = store.Get(within(t), acme, "v")
	code(t, "get from a closed store", err, models.CodeUnavailable)
	_, err = store.Policy(within(t), acme)
	code(t, "policy of a closed store", err, models.CodeUnavailable)
	_, err = store.ChangePolicy(within(t), acme, models.SetPolicy(1, strict(0.5), "admin", "e"))
	code(t, "change in a closed store", err, models.CodeUnavailable)
	code(t, "append to a closed store", store.AppendAudit(within(t), acme, entryAt("e", time.Now(), "v")), models.CodeUnavailable)
	code(t, "ping of a closed store", store.Ping(within(t)), models.CodeUnavailable)
}
