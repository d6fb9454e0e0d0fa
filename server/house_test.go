package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/models/modelstest/testenv"
	"reelroom/server/auth"
	"reelroom/worker/backend"
)

// house is a server with every door, as run opens it, but without a worker: the
// test does the work, so that it knows what happens, and when.
type house struct {
	t       testing.TB
	url     string
	secret  string
	back    *backend.Backend
	doors   *doors
	handler http.Handler
	log     *testenv.Log
	client  *http.Client
}

// unlimited takes the limits away that many clients of one address meet.
var unlimited = []string{
	"LIMIT_ORG_CONNECTIONS", "LIMIT_USER_CONNECTIONS", "LIMIT_ADDRESS_CONNECTIONS", "LIMIT_ADDRESS_HANDSHAKES", "LIMIT_ADDRESS_FAILURES",
	"LIMIT_USER_HANDSHAKES", "LIMIT_USER_MESSAGES", "LIMIT_USER_SUBSCRIPTIONS", "LIMIT_USER_REQUESTS", "LIMIT_USER_UPLOADS", "LIMIT_ORG_QUEUED",
	"LIMIT_ORG_EVENTS",
}

const houseOperator = "the-token-of-the-operator-of-these-tests"

// openHouse opens one that closes with the test. Everything it logs is looked
// through for secrets, and passed on to the writer, when there is one.
func openHouse(t testing.TB, to io.Writer, variables ...string) *house {
	t.Helper()
	values := map[string]string{
		"DATA_DIR": t.TempDir(), "WORKER": "off", "JWT_SECRET": strings.Repeat("house-secret-", 4), "LOG_LEVEL": "debug", "OPERATOR_TOKEN": houseOperator,
	}
	for _, name := range unlimited {
		values[name] = "0"
	}
	for i := 0; i < len(variables); i += 2 {
		values[variables[i]] = variables[i+1]
	}
	c, err := readConfig(values)
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, secret: c.JWTSecret, log: testenv.NewLog(t, to)}
	logger := slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	if h.back, err = backend.Open(ctx, &c.Config, logger); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.back.Close)
	server := httptest.NewUnstartedServer(nil)
	_, port, _ := strings.Cut(server.Listener.Addr().String(), ":")
	c.Port = 0
	if n, err := strconv.Atoi(port); err == nil {
		c.PublicURL = "http://localhost:0"
		c.adopt(n)
	}
	h.back.Links.Base = c.PublicURL
	if h.doors, err = open(ctx, c, h.back, logger); err != nil {
		t.Fatal(err)
	}
	h.handler = h.doors.handler
	server.Config.Handler = h.handler
	server.Config.ErrorLog = slog.NewLogLogger(logger.Handler(), slog.LevelDebug)
	server.Start()
	h.url = server.URL
	h.client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = h.doors.denylist.Run(ctx)
	}()
	t.Cleanup(func() {
		draining, stop := context.WithTimeout(context.Background(), 10*time.Second)
		defer stop()
		h.doors.drain(draining)
		h.client.CloseIdleConnections()
		server.CloseClientConnections()
		server.Close()
		cancel()
		<-done
	})
	return h
}

// token speaks for a user.
func (h *house) token(org, user string, role models.Role) string {
	h.t.Helper()
	token, err := auth.Mint([]byte(h.secret), models.Identity{UserID: user, OrganizationID: org, Role: role}, time.Hour)
	if err != nil {
		h.t.Fatal(err)
	}
	return token
}

// ask sends a request straight to the handler, without a connection.
func (h *house) ask(method, path, token string, body []byte, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, bytes.NewReader(body))
	r.RemoteAddr, r.Host = "127.0.0.1:4000", "localhost"
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, r)
	return w
}

// askJSON is ask with a JSON body.
func (h *house) askJSON(method, path, token, body string) *httptest.ResponseRecorder {
	return h.ask(method, path, token, []byte(body), "Content-Type", "application/json")
}

// clip is the body of a file that passes the door.
func clip(body string) []byte {
	return []byte("\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp41" + body)
}

// uploadForm is a form with one file, and the type of its content.
func uploadForm(title, body string) (form []byte, kind string) {
	const boundary = "a-boundary-of-these-tests"
	form = []byte("--" + boundary + "\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\n" + title + "\r\n--" + boundary +
		"\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" + title + ".mp4\"\r\n\r\n")
	form = append(form, clip(body)...)
	return append(form, "\r\n--"+boundary+"--\r\n"...), "multipart/form-data; boundary=" + boundary
}

// batchForm is a form of the same kind with two files for a batch.
func batchForm(name string) []byte {
	form, _ := uploadForm(name, name)
	form = bytes.ReplaceAll(form, []byte(`name="file"`), []byte(`name="files"`))
	end := bytes.LastIndex(form, []byte("\r\n--"))
	return append(append(bytes.Clone(form[:end]), "\r\n"...), form...)
}

// head is the place of an organization's last event.
func (h *house) head(ctx context.Context, org string) (string, error) {
	c, err := h.back.Log.Head(ctx, org)
	return c.String(), err
}
