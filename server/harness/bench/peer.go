package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"reelroom/server/harness/load"
)

// The names of what is measured.
const (
	ours       = "reelroom"
	node       = "node"
	centrifugo = "centrifugo"
	floor      = "write"
)

// org is the one organization, room or channel of every scenario.
const org = "bench"

// users is how many the clients are spread over.
const users = 1000

// peer is a kind of server.
type peer struct {
	name string
	// about is its name and version for people.
	about string
	// clustered tells that it can run as several nodes.
	clustered bool
	// around is how many bytes of its frames stand around what fills them.
	around int
	// start brings up a number of nodes; over Redis when shared.
	start func(ctx context.Context, nodes int, shared bool) (*setup, error)
}

// setup is a running installation of one peer.
type setup struct {
	peer    *peer
	nodes   []*process
	urls    []string
	dialect load.Dialect
	token   func(number int) (string, error)
	// publish sends an event through one of the nodes.
	publish func(ctx context.Context, node int, m load.Marker) error
	// pad makes each event longer by so many bytes.
	pad int
	// reads tells how often a node has read from its store; nil when that
	// cannot be told.
	reads func(node int) int64
	// clean removes what was made; it may be nil.
	clean func()
}

// close ends what is still running.
func (s *setup) close() {
	for _, p := range s.nodes {
		p.kill()
	}
	if s.clean != nil {
		s.clean()
	}
}

// fleet makes clients for this installation.
func (s *setup) fleet(run string, sockets int, change ...func(*load.Config)) *load.Fleet {
	c := load.Config{URLs: s.urls, Sockets: sockets, Dialect: s.dialect, Token: s.token, Run: run}
	for _, f := range change {
		f(&c)
	}
	return load.New(c)
}

// minted returns a function that makes tokens for the clients; more are other
// claims.
func minted(secret, role string, more map[string]any) func(number int) (string, error) {
	return func(number int) (string, error) {
		user := "u" + strconv.Itoa(number%users)
		claims := jwt.MapClaims{
			"sub": user, "userId": user, "organizationId": org, "role": role, "exp": time.Now().Add(time.Hour).Unix(),
		}
		for k, v := range more {
			claims[k] = v
		}
		return jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(secret))
	}
}

// post sends JSON and wants a 2xx.
func post(ctx context.Context, client *http.Client, url string, header map[string]string, body any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	for k, v := range header {
		req.Header.Set(k, v)
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err == nil && resp.StatusCode/100 != 2 {
		err = fmt.Errorf("%s was answered with %d %.200s", url, resp.StatusCode, answer)
	}
	return err
}

// payload is an event's data for a peer that takes any: the marker, and what
// makes the frame as long as ours, which has frame bytes.
func (p *peer) payload(m load.Marker, frame int) map[string]any {
	m.At = time.Now()
	return map[string]any{load.Field: m.String(), "pad": strings.Repeat("x", max(frame-p.around, 1))}
}
