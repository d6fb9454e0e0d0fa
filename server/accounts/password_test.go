package accounts

import (
	"context"
	"strings"
	"testing"

	"reelroom/models"
)

// What is kept of a password is argon2id with 19 MiB and two passes, and so is
// what stands for an account that nobody has.
func TestPasswordsAreHashed(t *testing.T) {
	t.Parallel()
	h, err := newHasher(hashing)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := h.hash(t.Context(), pass)
	if err != nil {
		t.Fatal(err)
	}
	for _, hash := range []string{kept, h.nobody} {
		if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
			t.Errorf("kept: %s", hash)
		}
	}
	for password, want := range map[string]bool{pass: true, pass + "x": false, "": false} {
		if fits, err := h.matches(t.Context(), password, kept); err != nil || (len(fits) == 1) != want {
			t.Errorf("%q: %v, %v", password, fits, err)
		}
	}
	if fits, err := h.matches(t.Context(), pass, ""); err != nil || len(fits) != 0 {
		t.Errorf("of nobody: %v, %v", fits, err)
	}
}

// Who finds too many before him is told to come again, and so is who has waited.
func TestHashingIsBounded(t *testing.T) {
	t.Parallel()
	h := &hasher{turns: make(chan struct{}, 1)}
	free, err := h.turn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.turn(gone); models.CodeOf(err) != models.CodeUnavailable {
		t.Errorf("who has gone: %v", err)
	}
	h.waiting.Store(maxHashQueue)
	if _, err := h.turn(t.Context()); models.CodeOf(err) != models.CodeUnavailable || h.waiting.Load() != maxHashQueue {
		t.Errorf("behind too many: %v, %d wait", err, h.waiting.Load())
	}
	h.waiting.Store(0)
	free()
	if free, err = h.turn(t.Context()); err != nil {
		t.Fatal(err)
	}
	free()
}
