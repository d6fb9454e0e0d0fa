package auth

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"reelroom/models"
)

// onTheClock runs the table of key rotation in real time, against a key set that
// is served over HTTP.
var onTheClock = flag.Bool("rotation-clock", false, "try key rotation in real time, over HTTP; takes 20 s")

// issuer is one whose key set is fetched: it answers after a time with the keys
// that it listed when it was asked.
type issuer struct {
	mu      sync.Mutex
	answer  time.Duration
	status  int
	body    []byte
	fetches atomic.Int32
	lost    atomic.Int32 // fetches that were given up
}

func (i *issuer) list(body []byte) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.status, i.body = http.StatusOK, body
}

func (i *issuer) fail(status int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.status, i.body = status, nil
}

func (i *issuer) answerAfter(d time.Duration) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.answer = d
}

func (i *issuer) reply(ctx context.Context) (int, []byte, error) {
	i.fetches.Add(1)
	i.mu.Lock()
	status, body, answer := i.status, i.body, i.answer
	i.mu.Unlock()
	wait := time.NewTimer(answer)
	defer wait.Stop()
	select {
	case <-wait.C:
		return status, body, nil
	case <-ctx.Done():
		i.lost.Add(1)
		return 0, nil, ctx.Err()
	}
}

// RoundTrip answers without a network, for a clock that is not the real one.
func (i *issuer) RoundTrip(r *http.Request) (*http.Response, error) {
	status, body, err := i.reply(r.Context())
	if err != nil {
		return nil, err
	}
	if status == 0 {
		return nil, errors.New("connection refused")
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(body)), Request: r}, nil
}

func (i *issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	status, body, err := i.reply(r.Context())
	if err == nil {
		w.WriteHeader(status)
		_, _ = w.Write(body)
	}
}

type signer struct {
	kid string
	key *ecdsa.PrivateKey
}

func newSigner(t testing.TB, kid string) signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return signer{kid, key}
}

func (s signer) token(t testing.TB) string {
	return signed(t, jwt.SigningMethodES256, s.key, map[string]any{"kid": s.kid}, claims(nil))
}

// jwk is the public key as a set lists it, with more members.
func (s signer) jwk(t testing.TB, more map[string]any) map[string]any {
	t.Helper()
	point, err := s.key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]any{"kty": "EC", "kid": s.kid, "crv": "P-256", "x": b64(point[1:33]), "y": b64(point[33:])}
	for name, value := range more {
		out[name] = value
	}
	return out
}

func listing(t testing.TB, keys ...map[string]any) []byte {
	t.Helper()
	raw, err := json.Marshal(map[string]any{"keys": keys})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// fetching returns a verifier of the issuer's tokens.
func fetching(ctx context.Context, t testing.TB, url string, over http.RoundTripper) *Verifier {
	t.Helper()
	v, err := New(ctx, Config{Secrets: [][]byte{secret}, Now: atNoon})
	if err != nil {
		t.Fatal(err)
	}
	v.keys = newKeySet(ctx, url, over, slog.New(slog.DiscardHandler))
	return v
}

// An issuer signs with a new key 2 s before its key set lists it. Tokens are
// refused until the first pause is over, and never after it.
func TestKeyRotation(t *testing.T) {
	t.Parallel()
	for _, rate := range []int{1, 10, 100} {
		for _, answer := range []time.Duration{50 * time.Millisecond, 300 * time.Millisecond, 2 * time.Second} {
			t.Run(fmt.Sprintf("%d a second, answer after %s", rate, answer), func(t *testing.T) {
				t.Parallel()
				i := &issuer{answer: answer}
				if !*onTheClock {
					synctest.Test(t, func(t *testing.T) { rotate(t, rate, answer, i, "http://issuer.test", i) })
					return
				}
				server, transport := httptest.NewServer(i), &http.Transport{}
				defer server.Close()
				defer transport.CloseIdleConnections()
				rotate(t, rate, answer, i, server.URL, transport)
			})
		}
	}
}

func rotate(t *testing.T, rate int, answer time.Duration, i *issuer, url string, over http.RoundTripper) {
	before, after := newSigner(t, "before"), newSigner(t, "after")
	i.list(listing(t, before.jwk(t, nil)))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	v := fetching(ctx, t, url, over)
	tokens := [2]string{before.token(t), after.token(t)}
	begin := time.Now()
	time.AfterFunc(2*time.Second, func() { i.list(listing(t, before.jwk(t, nil), after.jwk(t, nil))) })
	var requests sync.WaitGroup
	var refused, late, good, old atomic.Int32
	// The first fetch ends after one answer, and the pause after that; what the
	// clock of a busy machine adds is allowed for where it is the real one.
	pauseOver := answer + fetchPause
	if *onTheClock {
		pauseOver += 250 * time.Millisecond
	}
	tick := time.NewTicker(time.Second / time.Duration(rate))
	defer tick.Stop()
	for at := begin; at.Sub(begin) < fetchPause+8*time.Second; at = <-tick.C {
		requests.Go(func() {
			since := time.Since(begin)
			if _, err := v.Verify(ctx, tokens[1]); err == nil {
				good.Add(1)
			} else if refused.Add(1); since > pauseOver {
				late.Add(1)
			}
		})
		if _, err := v.Verify(ctx, tokens[0]); err != nil {
			old.Add(1)
		}
	}
	requests.Wait()
	t.Logf("%d a second, answer after %s: refused %d, of them after the first pause %d; good %d; fetches %d, given up %d", rate, answer, refused.Load(), late.Load(), good.Load(), i.fetches.Load(), i.lost.Load())
	if late.Load() > 0 || good.Load() == 0 || old.Load() > 0 || i.fetches.Load() > 3 || i.lost.Load() > 0 {
		t.Errorf("refused after the first pause %d, of the old key %d; good %d; fetches %d, given up %d", late.Load(), old.Load(), good.Load(), i.fetches.Load(), i.lost.Load())
	}
}

// Kids that somebody made up cause one fetch in a pause, and delay nobody whose
// key is known; a new key that the issuer lists meanwhile is good after the pause.
func TestMadeUpKids(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		known, next, stranger := newSigner(t, "known"), newSigner(t, "next"), newSigner(t, "x")
		i := &issuer{answer: 300 * time.Millisecond}
		i.list(listing(t, known.jwk(t, nil)))
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		v := fetching(ctx, t, "http://issuer.test", i)
		madeUp := make([]string, 100)
		for n := range madeUp {
			stranger.kid = fmt.Sprint("made-up-", n)
			madeUp[n] = stranger.token(t)
		}
		good, fresh := known.token(t), next.token(t)
		start, before := time.Now(), i.fetches.Load()
		var requests sync.WaitGroup
		for step := 0; time.Since(start) < 2*fetchPause+time.Second; step++ {
			crowd := 1
			if step < 5 { // 10,000 a second
				crowd = 10
			}
			for range crowd {
				for _, token := range madeUp {
					requests.Go(func() {
						if _, err := v.Verify(ctx, token); models.CodeOf(err) != models.CodeTokenInvalid {
							t.Error("a made-up kid:", err)
						}
					})
				}
			}
			at := time.Now()
			if _, err := v.Verify(ctx, good); err != nil || time.Since(at) > 0 {
				t.Fatalf("a known key: %v after %s", err, time.Since(at))
			}
			if time.Since(start) > time.Second {
				i.list(listing(t, known.jwk(t, nil), next.jwk(t, nil)))
			}
			time.Sleep(100 * time.Millisecond)
		}
		requests.Wait()
		if n := i.fetches.Load() - before; n > 3 {
			t.Errorf("%d fetches in two pauses and a second", n)
		}
		if _, err := v.Verify(ctx, fresh); err != nil {
			t.Error("the new key after the pause:", err)
		}
	})
}

// A request that is given up ends its own wait and not the fetch that it caused.
func TestFetchOutlivesItsRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		before, after := newSigner(t, "before"), newSigner(t, "after")
		i := &issuer{answer: 2 * time.Second}
		i.list(listing(t, before.jwk(t, nil)))
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		v := fetching(ctx, t, "http://issuer.test", i)
		i.list(listing(t, after.jwk(t, nil)))
		token := after.token(t)
		short, stop := context.WithTimeout(ctx, 100*time.Millisecond)
		defer stop()
		at := time.Now()
		_, err := v.Verify(short, token)
		if e, ok := errors.AsType[*models.Error](err); !ok || e.Code != models.CodeUnavailable || !e.Retry || time.Since(at) != 100*time.Millisecond {
			t.Errorf("a request that was given up: %v after %s", err, time.Since(at))
		}
		if _, err := v.Verify(ctx, token); err != nil {
			t.Error("the next request:", err)
		}
		if n := i.fetches.Load(); n != 2 || i.lost.Load() != 0 {
			t.Errorf("%d fetches, %d given up", n, i.lost.Load())
		}
	})
}

// While the issuer does not answer, answers too late or with something else,
// keys that are known stay good, and nobody is told that an unknown one is bad.
func TestIssuerInTrouble(t *testing.T) {
	t.Parallel()
	for name, trouble := range map[string]func(*issuer){
		"refused":       func(i *issuer) { i.fail(0) },
		"too late":      func(i *issuer) { i.answerAfter(11 * time.Second) },
		"status 500":    func(i *issuer) { i.fail(http.StatusInternalServerError) },
		"a redirect":    func(i *issuer) { i.fail(http.StatusFound) },
		"HTML":          func(i *issuer) { i.list([]byte("<html>sign in</html>")) },
		"another thing": func(i *issuer) { i.list([]byte(`{"error":"maintenance"}`)) },
		"two objects":   func(i *issuer) { i.list([]byte(`{"keys":[]}{"keys":[]}`)) },
		"too long":      func(i *issuer) { i.list([]byte(`{"keys":[],"x":"` + strings.Repeat("x", maxKeySetBytes) + `"}`)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				known, next := newSigner(t, "known"), newSigner(t, "next")
				i := &issuer{answer: 50 * time.Millisecond}
				set := listing(t, known.jwk(t, nil), next.jwk(t, nil))
				i.list(listing(t, known.jwk(t, nil)))
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				v := fetching(ctx, t, "http://issuer.test", i)
				trouble(i)
				at, before, good, fresh := time.Now(), i.fetches.Load(), known.token(t), next.token(t)
				for time.Since(at) < time.Minute {
					if _, err := v.Verify(ctx, good); err != nil {
						t.Fatal("a known key:", err)
					}
					began := time.Now()
					if _, err := v.Verify(ctx, fresh); models.CodeOf(err) != models.CodeUnavailable || time.Since(began) > 2*fetchTime {
						t.Fatalf("an unknown key: %v after %s", err, time.Since(began))
					}
					time.Sleep(300 * time.Millisecond)
				}
				if n := i.fetches.Load() - before; n > int32(time.Minute/retryPause)+1 {
					t.Errorf("%d fetches in a minute", n)
				}
				i.answerAfter(50 * time.Millisecond)
				i.list(set)
				time.Sleep(fetchTime + retryPause)
				if _, err := v.Verify(ctx, next.token(t)); err != nil {
					t.Error("after the trouble:", err)
				}
			})
		})
	}
}

// A key that the issuer takes out is refused after the next refresh; a set
// without keys takes all out.
func TestKeysAreTakenOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		one, two := newSigner(t, "one"), newSigner(t, "two")
		i := &issuer{answer: 50 * time.Millisecond}
		i.list(listing(t, one.jwk(t, nil), two.jwk(t, nil)))
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		v := fetching(ctx, t, "http://issuer.test", i)
		for _, step := range []struct {
			set  []byte
			want [2]bool
		}{
			{listing(t, two.jwk(t, nil)), [2]bool{false, true}},
			{[]byte(`{"keys":[]}`), [2]bool{false, false}},
			{listing(t, one.jwk(t, nil)), [2]bool{true, false}},
		} {
			i.list(step.set)
			time.Sleep(refreshEvery + time.Second)
			for n, s := range []signer{one, two} {
				if _, err := v.Verify(ctx, s.token(t)); (err == nil) != step.want[n] || err != nil && models.CodeOf(err) != models.CodeTokenInvalid {
					t.Errorf("%s with the set %.60s: %v", s.kid, step.set, err)
				}
			}
		}
	})
}

// Only a key for signatures verifies one, and only by its own algorithm.
func TestKeysAreForSignatures(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		more map[string]any
		good bool
	}{
		"nothing said":           {nil, true},
		"use sig":                {map[string]any{"use": "sig"}, true},
		"use enc":                {map[string]any{"use": "enc"}, false},
		"an unknown use":         {map[string]any{"use": "tls"}, false},
		"key_ops verify":         {map[string]any{"key_ops": []string{"verify"}}, true},
		"key_ops sign, verify":   {map[string]any{"key_ops": []string{"sign", "verify"}}, true},
		"key_ops encrypt":        {map[string]any{"key_ops": []string{"encrypt"}}, false},
		"key_ops sign":           {map[string]any{"key_ops": []string{"sign"}}, false},
		"key_ops empty":          {map[string]any{"key_ops": []string{}}, false},
		"use sig, key_ops wrap":  {map[string]any{"use": "sig", "key_ops": []string{"wrapKey"}}, false},
		"alg ES256":              {map[string]any{"alg": "ES256"}, true},
		"alg ES384":              {map[string]any{"alg": "ES384"}, false},
		"alg ECDH-ES":            {map[string]any{"alg": "ECDH-ES"}, false},
		"a private key":          {map[string]any{"d": b64(make([]byte, 32))}, false},
		"a damaged certificate":  {map[string]any{"x5c": []string{"AAAA"}, "x5u": "http://x.test"}, true},
		"members beside these":   {map[string]any{"iat": 1, "issuer": "x"}, true},
		"kid is a number":        {map[string]any{"kid": 1}, false},
		"a point off the curve":  {map[string]any{"x": b64(make([]byte, 32))}, false},
		"of another curve":       {map[string]any{"crv": "P-384"}, false},
		"a long coordinate":      {map[string]any{"x": b64(bytes.Repeat([]byte{1}, 33))}, false},
		"not base64":             {map[string]any{"x": "!"}, false},
		"without the coordinate": {map[string]any{"y": nil}, false},
	} {
		s, other := newSigner(t, "k"), newSigner(t, "other")
		keys := &keySet{logger: slog.New(slog.DiscardHandler), next: time.Now().Add(time.Hour)}
		var err error
		if keys.keys, err = keys.parse(listing(t, s.jwk(t, c.more), other.jwk(t, nil))); err != nil {
			t.Fatal(err)
		}
		v := verifier(t, nil)
		v.keys = keys
		if _, err := v.Verify(t.Context(), s.token(t)); (err == nil) != c.good || err != nil && models.CodeOf(err) != models.CodeTokenInvalid {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := v.Verify(t.Context(), other.token(t)); err != nil {
			t.Errorf("%s: the key beside it: %v", name, err)
		}
	}
}

// Two keys may have one kid: the one whose algorithm fits counts.
func TestKeysOfOneKid(t *testing.T) {
	t.Parallel()
	sig, enc := newSigner(t, "k"), newSigner(t, "k")
	v := verifier(t, nil)
	v.keys = &keySet{logger: slog.New(slog.DiscardHandler), next: time.Now().Add(time.Hour)}
	var err error
	if v.keys.keys, err = v.keys.parse(listing(t, enc.jwk(t, map[string]any{"use": "enc"}), sig.jwk(t, map[string]any{"use": "sig"}))); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(t.Context(), sig.token(t)); err != nil {
		t.Error(err)
	}
	if _, err := v.Verify(t.Context(), enc.token(t)); models.CodeOf(err) != models.CodeTokenInvalid {
		t.Error("the key for encryption:", err)
	}
}
