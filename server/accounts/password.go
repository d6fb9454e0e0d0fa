package accounts

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"

	"reelroom/models"
)

// hashing are the parameters of argon2id: 19 MiB, 2 passes, one lane (OWASP
// Password Storage Cheat Sheet; RFC 9106, section 4).
var hashing = &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

const (
	// minPassword and maxPassword bound a password, in characters (NIST SP
	// 800-63B, section 5.1.1.2: length, and no rules about its make-up).
	minPassword = 10
	maxPassword = 200
	// maxHashWait is how long a sign-in waits for its turn, maxHashQueue how many
	// wait at once: of those who are known, and of strangers.
	maxHashWait  = 5 * time.Second
	maxHashQueue = 64
)

// hasher bounds the memory and the processors that passwords take: half of the
// latter, as events go on meanwhile.
type hasher struct {
	params *argon2id.Params
	turns  turns
	// nobody is the hash that stands for that of an unknown account, so that both
	// take the same work.
	nobody string
	// hashes counts the work done, for tests.
	hashes atomic.Int64
}

func newHasher(params *argon2id.Params) (*hasher, error) {
	h := &hasher{params: params, turns: turns{free: max(1, runtime.GOMAXPROCS(0)/2)}}
	var err error
	h.nobody, err = argon2id.CreateHash(newSecret(), params)
	return h, err
}

var errBusy = models.Errorf(models.CodeUnavailable, "Too many people sign in at this moment; try again shortly.").Again(maxHashWait)

// hash returns what is kept of a password. Who is known is not kept waiting by
// strangers.
func (h *hasher) hash(ctx context.Context, known bool, password string) (string, error) {
	leave, err := h.turns.take(ctx, known)
	if err != nil {
		return "", err
	}
	defer leave()
	h.hashes.Add(1)
	return argon2id.CreateHash(password, h.params)
}

// matches returns which of what was kept is of the password. In the place of ""
// it does the same work and says no.
func (h *hasher) matches(ctx context.Context, known bool, password string, kept ...string) (fits []int, err error) {
	leave, err := h.turns.take(ctx, known)
	if err != nil {
		return nil, err
	}
	defer leave()
	for i, against := range kept {
		h.hashes.Add(1)
		if against == "" {
			against = h.nobody
		}
		ok, err := argon2id.ComparePasswordAndHash(password, against)
		if err != nil {
			return nil, errors.New("accounts: the hash of a password cannot be read")
		}
		if ok && kept[i] != "" {
			fits = append(fits, i)
		}
	}
	return fits, nil
}

// common are those of the commonest passwords that are long enough.
var common = strings.Fields(`1234567890 0123456789 0987654321 9876543210 1q2w3e4r5t 1qaz2wsx3edc qwertyuiop qwerty12345 qwerty123456 password12
	password123 password1234 passw0rd123 p@ssw0rd123 password12345 passwordpassword 1111111111 0000000000 12345678910 123456789a a123456789
	abcdefghij abcd123456 abc1234567 asdfghjkl1 asdfghjkl; iloveyou12 iloveyou123 welcome123 welcome1234 administrator admin12345 admin123456
	letmein1234 football123 princess123 sunshine123 superman123 liverpool1 basketball changeme123 q1w2e3r4t5 zaq12wsxcde zxcvbnm123 reelroom123`)

// checkPassword says what is wrong with a new password.
func checkPassword(password, email, name string) error {
	n := utf8.RuneCountInString(password)
	switch {
	case !utf8.ValidString(password):
		return models.Errorf(models.CodeInvalid, "The password is not UTF-8.")
	case n < minPassword:
		return models.Errorf(models.CodeInvalid, "The password must have at least %d characters.", minPassword)
	case n > maxPassword:
		return models.Errorf(models.CodeInvalid, "The password must have at most %d characters.", maxPassword)
	}
	lower := strings.ToLower(password)
	for _, known := range slices.Concat(common, []string{email, strings.ToLower(name)}) {
		if lower == known {
			return models.Errorf(models.CodeInvalid, "This password is one of the first that anybody would try; please choose another.")
		}
	}
	if strings.Trim(lower, lower[:1]) == "" {
		return models.Errorf(models.CodeInvalid, "The password is one character many times; please choose another.")
	}
	return nil
}
