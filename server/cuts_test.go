//go:build linux

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"reelroom/models"
)

var (
	cutUploads = flag.Int("cuts", 40, "how many resumable uploads are cut at random")
	cutSeed    = flag.Uint64("cuts.seed", 0, "seed of the cuts; 0 takes the time")
)

// cutWay is how an upload is cut.
type cutWay int

const (
	clientGone   cutWay = iota // the client dies, and another one knows the address only
	networkGone                // every connection is reset
	serverKilled               // kill -9, and a new start
	cutWays
)

// cutter is a server that is cut off from its clients, and killed.
type cutter struct {
	t    *testing.T
	in   *installation
	link *link
	env  []string
	done [cutWays]atomic.Int64

	mu      sync.Mutex
	address string
	process *exec.Cmd
}

// kill ends the server without a word, and starts it anew.
func (c *cutter) kill() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.address = ""
	if c.process != nil {
		_ = c.process.Process.Kill()
		_ = c.process.Wait()
	}
	url, process := launch(c.t, c.env...)
	c.address, c.process = strings.TrimPrefix(strings.TrimPrefix(url, "http://"), "localhost"), process
	c.address = "127.0.0.1" + c.address
}

func (c *cutter) target() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.address
}

// Files whose uploads are cut at random bytes, by clients that die, networks that
// fail and servers that are killed, come to an end as they were, each as one
// video. `go test ./server -run TestCutUploads -cuts 500` tries it thoroughly.
func TestCutUploads(t *testing.T) {
	t.Parallel()
	seed := *cutSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d", seed)
	secret := strings.Repeat("test-secret-", 4)
	// An upload whose creation was cut from its answer is left behind: no limit.
	c := &cutter{t: t, env: []string{"DATA_DIR=" + dataDir(t), "WORKER=off", "JWT_SECRET=" + secret, "LIMIT_USER_REQUESTS=0", "LIMIT_USER_UNFINISHED=0", "LIMIT_ORG_UNFINISHED=0", "LOG_LEVEL=error"}}
	c.kill()
	var err error
	if c.link, err = newLink("front", c.target); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.link.close)
	c.in = &installation{t: t, url: "http://" + c.link.address(), secret: secret}
	editor := c.in.token("acme", models.RoleEditor)
	began := time.Now()
	var all sync.WaitGroup
	var equal, total atomic.Int64
	slots := make(chan struct{}, 6)
	for i := range *cutUploads {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			u := &cutUpload{c: c, token: editor, random: rand.New(rand.NewPCG(seed, uint64(i)))}
			if u.run() {
				equal.Add(1)
				total.Add(int64(len(u.file)))
			}
		})
	}
	all.Wait()
	videos, after := 0, ""
	for {
		var page struct {
			Data       []models.Document
			NextCursor *string
		}
		c.in.call(http.MethodGet, "/api/videos?limit=100&after="+after, editor, nil, "", &page)
		if videos += len(page.Data); page.NextCursor == nil {
			break
		}
		after = *page.NextCursor
	}
	t.Logf("%d uploads, %.0f MB: %d equal SHA-256, %d videos; cuts: %d clients, %d networks, %d servers killed; %.0f s", *cutUploads,
		float64(total.Load())/1e6, equal.Load(), videos, c.done[clientGone].Load(), c.done[networkGone].Load(), c.done[serverKilled].Load(), time.Since(began).Seconds())
	if equal.Load() != int64(*cutUploads) || videos != *cutUploads {
		t.Errorf("of %d uploads %d ended as they were, in %d videos", *cutUploads, equal.Load(), videos)
	}
}

// cutUpload is one file on its way.
type cutUpload struct {
	c      *cutter
	token  string
	random *rand.Rand
	file   []byte
	cuts   []int
	path   string
}

// run uploads a file of random size, cut at least once, and compares what came.
func (u *cutUpload) run() bool {
	u.file = make([]byte, 32<<10+u.random.IntN(2<<20))
	for i := range u.file {
		u.file[i] = byte(u.random.Uint32())
	}
	copy(u.file, "\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp41")
	for range 1 + u.random.IntN(3) {
		at := u.random.IntN(len(u.file) + 1)
		if u.random.IntN(4) == 0 {
			at = len(u.file) // between the last byte and its answer
		}
		u.cuts = append(u.cuts, at)
	}
	for deadline := time.Now().Add(patience); ; {
		id, err := u.step()
		if err == nil && id != "" {
			return u.same(id)
		}
		if time.Now().After(deadline) {
			u.c.t.Errorf("an upload of %d bytes did not end: %v", len(u.file), err)
			return false
		}
		if err != nil {
			time.Sleep(20 * time.Millisecond)
		}
	}
}

// step is one request, and the one that asks where to go on.
func (u *cutUpload) step() (videoID string, err error) {
	if u.path == "" {
		r, err := u.send(context.Background(), http.MethodPost, "/api/uploads", nil, "Upload-Length", strconv.Itoa(len(u.file)), "Upload-Metadata", "filename Y2xpcC5tcDQ=")
		if err != nil {
			return "", err
		}
		if r.StatusCode != http.StatusCreated {
			return "", fmt.Errorf("the creation is answered %d", r.StatusCode)
		}
		u.path = r.Header.Get("Location")
		return "", nil
	}
	r, err := u.send(context.Background(), http.MethodHead, u.path, nil)
	if err != nil {
		return "", err
	}
	at, err := strconv.Atoi(r.Header.Get("Upload-Offset"))
	if err != nil {
		return "", fmt.Errorf("the head is %d %v", r.StatusCode, r.Header)
	}
	if at == len(u.file) {
		if r.Header.Get("Reelroom-Video-Id") == "" {
			return "", errors.New("whole, and no video yet")
		}
		return r.Header.Get("Reelroom-Video-Id"), nil
	}
	rest := u.file[at:]
	if u.random.IntN(2) == 0 {
		rest = rest[:1+u.random.IntN(len(rest))]
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	body := &cutBody{u: u, cancel: cancel, rest: rest, at: at}
	_, err = u.send(ctx, http.MethodPatch, u.path, body, "Upload-Offset", strconv.Itoa(at), "Content-Type", "application/offset+octet-stream")
	return "", err
}

// send sends one request through the network; the answer's body is read.
func (u *cutUpload) send(ctx context.Context, method, path string, body *cutBody, header ...string) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, u.c.in.url+path, nil)
	if err != nil {
		return nil, err
	}
	if body != nil {
		r.Body, r.ContentLength = io.NopCloser(body), int64(len(body.rest))
	}
	r.Header.Set("Tus-Resumable", "1.0.0")
	r.Header.Set("Authorization", "Bearer "+u.token)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	return answer, err
}

// same compares the video's file with what was sent.
func (u *cutUpload) same(id string) bool {
	want := sha256.Sum256(u.file)
	for range 100 {
		r, err := http.NewRequest(http.MethodGet, u.c.in.url+"/api/videos/"+id+"/media", nil)
		if err != nil {
			u.c.t.Error(err)
			return false
		}
		r.Header.Set("Authorization", "Bearer "+u.token)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			time.Sleep(50 * time.Millisecond) // others are cut meanwhile
			continue
		}
		hash := sha256.New()
		_, err = io.Copy(hash, answer.Body)
		answer.Body.Close()
		if err != nil || answer.StatusCode >= 500 {
			time.Sleep(50 * time.Millisecond)
			continue
		}
		if !bytes.Equal(hash.Sum(nil), want[:]) {
			u.c.t.Errorf("a file of %d bytes came as another (%d)", len(u.file), answer.StatusCode)
			return false
		}
		return true
	}
	u.c.t.Error("a video cannot be fetched")
	return false
}

var errCutHere = errors.New("cut here")

// cutBody is a body that comes to a cut.
type cutBody struct {
	u      *cutUpload
	cancel context.CancelFunc
	rest   []byte
	at     int
}

func (b *cutBody) Read(p []byte) (int, error) {
	for i, cut := range b.u.cuts {
		if cut >= b.at && cut <= b.at+len(b.rest) {
			if cut == b.at {
				b.u.cuts = append(b.u.cuts[:i:i], b.u.cuts[i+1:]...)
				return 0, b.cut()
			}
			p = p[:min(len(p), cut-b.at)]
		}
	}
	if len(b.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, b.rest[:min(len(b.rest), 8<<10)])
	b.rest, b.at = b.rest[n:], b.at+n
	return n, nil
}

// cut cuts: one time in eight the server, which costs most time.
func (b *cutBody) cut() error {
	c := b.u.c
	switch n := b.u.random.IntN(8); {
	case n == 0:
		c.kill()
		c.done[serverKilled].Add(1)
	case n < 3:
		c.link.cut()
		c.done[networkGone].Add(1)
	default:
		c.done[clientGone].Add(1)
	}
	b.cancel()
	return errCutHere
}
