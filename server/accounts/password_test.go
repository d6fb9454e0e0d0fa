package accounts

import (
	"strings"
	"testing"
)

// What is kept of a password is argon2id with 19 MiB and two passes, and so is
// what stands for an account that nobody has.
func TestPasswordsAreHashed(t *testing.T) {
	t.Parallel()
	h, err := newHasher(hashing)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := h.hash(t.Context(), false, pass)
	if err != nil {
		t.Fatal(err)
	}
	for _, hash := range []string{kept, h.nobody} {
		if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
			t.Errorf("kept: %s", hash)
		}
	}
	for password, want := range map[string]bool{pass: true, pass + "x": false, "": false} {
		if fits, err := h.matches(t.Context(), false, password, kept); err != nil || (len(fits) == 1) != want {
			t.Errorf("%q: %v, %v", password, fits, err)
		}
	}
	if fits, err := h.matches(t.Context(), false, pass, ""); err != nil || len(fits) != 0 {
		t.Errorf("of nobody: %v, %v", fits, err)
	}
}
