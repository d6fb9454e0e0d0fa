package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"reelroom/models"
)

// LocalLink is the one-time secret in the link with which the person at the
// machine signs in without an account. Each secret is good for one use; then the
// next one takes its place. Many goroutines may use it.
type LocalLink struct {
	keep  func(secret string)
	wrong *rate.Limiter

	mu  sync.Mutex
	sum [sha256.Size]byte
}

// A wrong secret is answered with [models.CodeRateLimited] beyond wrongBurst in
// a row, and one each wrongPause. The right one always passes: nobody who
// guesses keeps its owner out.
const (
	wrongPause = 6 * time.Second
	wrongBurst = 10
)

// NewLocalLink makes the first secret. keep is called with every secret before
// it can be used, one call at a time.
func NewLocalLink(keep func(secret string)) *LocalLink {
	l := &LocalLink{keep: keep, wrong: rate.NewLimiter(rate.Every(wrongPause), wrongBurst)}
	l.renew()
	return l
}

// renew makes another secret of 260 bits; the lock is held, or nobody else has l.
func (l *LocalLink) renew() {
	secret := rand.Text() + rand.Text()
	l.sum = sha256.Sum256([]byte(secret))
	l.keep(secret)
}

// errLocalLink does not tell a secret that was used from one that never was.
var errLocalLink = models.Errorf(models.CodeLocalLink, "This sign-in link was used, or is of an earlier start of the server. The current one is in the file local-link in the server's data folder.")

// Use uses up the secret. Of many calls with the same one, one succeeds.
func (l *LocalLink) Use(secret string) error {
	sum := sha256.Sum256([]byte(secret))
	l.mu.Lock()
	defer l.mu.Unlock()
	if subtle.ConstantTimeCompare(sum[:], l.sum[:]) == 1 {
		l.renew()
		return nil
	}
	if !l.wrong.Allow() {
		return models.Errorf(models.CodeRateLimited, "Too many wrong sign-in links were tried.").Again(wrongPause)
	}
	return errLocalLink
}
