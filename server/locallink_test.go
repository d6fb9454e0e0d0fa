package main

import (
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reelroom/models"
	"reelroom/server/api"
)

// localSecret reads the secret of the present link, as the person at the machine
// can.
func (i *installation) localSecret() string {
	i.t.Helper()
	raw, err := os.ReadFile(filepath.Join(i.dir, localLinkFile))
	if err != nil {
		i.t.Fatal(err)
	}
	address, secret, ok := strings.Cut(strings.TrimSpace(string(raw)), "/#local=")
	if !ok || address != i.url {
		i.t.Fatalf("the link is %q", raw)
	}
	return secret
}

// post sends JSON and returns the status, and the code of a problem.
func post(t testing.TB, address, body string, header ...string) (status int, code models.Code) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "POST", address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
		}
		r.Header.Set(header[i], header[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var problem api.Problem
	_ = json.NewDecoder(answer.Body).Decode(&problem)
	return answer.StatusCode, problem.Code
}

// forwarder copies bytes from a port of its own to a server: its peer address
// and every header are those of a client on this machine.
func forwarder(t testing.TB, to string) string {
	t.Helper()
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", to)
			if err != nil {
				_ = near.Close()
				continue
			}
			go func() { _, _ = io.Copy(far, near); _ = far.Close() }()
			go func() { _, _ = io.Copy(near, far); _ = near.Close() }()
		}
	}()
	return "http://" + l.Addr().String()
}

// Whoever reaches the embedded server through something on its machine has no
// right by that: neither the address nor the Host of a request gives one.
func TestNobodyIsLocalByTheirAddress(t *testing.T) {
	t.Parallel()
	i := start(t, map[string]string{"WORKER": "off"})
	at, err := url.Parse(i.url)
	if err != nil {
		t.Fatal(err)
	}
	plain := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(at) }}) // Host is the server's, as with only proxy_pass
	t.Cleanup(plain.Close)
	kept := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(at); r.Out.Host = r.In.Host }})
	t.Cleanup(kept.Close)
	for name, address := range map[string]string{"direct": i.url, "proxy": plain.URL, "proxy that keeps Host": kept.URL, "forwarder": forwarder(t, at.Host)} {
		for _, header := range [][]string{
			{}, {"Host", at.Host}, {"Host", at.Host, "Origin", i.url}, {"Host", at.Host, "Origin", i.url, "Sec-Fetch-Site", "same-origin"},
			{"Host", "127.0.0.1:" + at.Port()}, {"Host", "[::1]:" + at.Port(), "Origin", "http://[::1]:" + at.Port()},
		} {
			for _, body := range []string{``, `{}`, `{"secret":""}`, `{"secret":"guess"}`} {
				if status, _ := post(t, address+"/api/auth/local", body, header...); status < 400 {
					t.Errorf("%s, %v signs in by %q: %d", name, header, body, status)
				}
			}
			form := `{"name":"Eve","email":"eve@example.com","password":"correct horse battery","organizationName":"Evil"}`
			if status, code := post(t, address+"/api/auth/register", form, header...); status != http.StatusForbidden || code != models.CodeSetupCode && code != models.CodeForbidden {
				t.Errorf("%s, %v founds without the code: %d %s", name, header, status, code)
			}
		}
	}
	// The person at the machine still does, also through a forwarder of theirs.
	if status, code := post(t, i.url+"/api/auth/local", `{"secret":"`+i.localSecret()+`"}`, "Origin", i.url); status != http.StatusOK {
		t.Errorf("the link: %d %s", status, code)
	}
}

// Each start has a link of its own, in a file for its user alone; it goes with
// the first account.
func TestLocalLinkOfEachStart(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	var first string
	t.Run("first", func(t *testing.T) {
		i := start(t, map[string]string{"WORKER": "off", "DATA_DIR": dir})
		first = i.localSecret()
		info, err := os.Stat(filepath.Join(dir, localLinkFile))
		if err != nil || info.Mode() != 0o600 {
			t.Errorf("%v %v", info.Mode(), err)
		}
	})
	t.Run("second", func(t *testing.T) {
		i := start(t, map[string]string{"WORKER": "off", "DATA_DIR": dir})
		if status, code := post(t, i.url+"/api/auth/local", `{"secret":"`+first+`"}`, "Origin", i.url); status != http.StatusForbidden || code != models.CodeLocalLink {
			t.Errorf("the link of an earlier start: %d %s", status, code)
		}
		form := `{"name":"Ann","email":"ann@example.com","password":"correct horse battery","organizationName":"Acme","setupCode":"` + i.localSecret() + `"}`
		if status, code := post(t, i.url+"/api/auth/register", form, "Origin", i.url); status != http.StatusCreated {
			t.Errorf("%d %s", status, code)
		}
	})
	t.Run("with accounts", func(t *testing.T) {
		start(t, map[string]string{"WORKER": "off", "DATA_DIR": dir})
		if _, err := os.Stat(filepath.Join(dir, localLinkFile)); !os.IsNotExist(err) {
			t.Errorf("the file stays: %v", err)
		}
	})
}

// Where browsers come from elsewhere, or an issuer is set, nobody is local.
func TestNoLocalLinkElsewhere(t *testing.T) {
	t.Parallel()
	for name, variables := range map[string]map[string]string{
		"public": {"PUBLIC_URL": "https://rooms.example"}, "a name below": {"PUBLIC_URL": "http://localhost.rooms.example"},
		"an address of the network": {"PUBLIC_URL": "http://192.168.1.7:5000"}, "an issuer": {"JWT_SECRET": strings.Repeat("x", 32)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := dataDir(t)
			if err := os.WriteFile(filepath.Join(dir, localLinkFile), []byte("http://localhost:5000/#local=old\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			variables["DATA_DIR"] = dir
			c, err := readConfig(variables)
			if err != nil {
				t.Fatal(err)
			}
			if err := c.ownSecret(); err != nil {
				t.Fatal(err)
			}
			if l, err := c.openLocalLink(false, slog.New(slog.DiscardHandler)); l != nil || err != nil {
				t.Errorf("%v, %v", l, err)
			}
			if _, err := os.Stat(filepath.Join(dir, localLinkFile)); !os.IsNotExist(err) {
				t.Errorf("the file stays: %v", err)
			}
		})
	}
}

// What the link gave ends with the link where an issuer is set, or the server
// is no longer for this machine alone.
func TestLocalSignInEndsWithTheLink(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	var token, secret string
	me := func(t *testing.T, i *installation) int {
		r, err := http.NewRequestWithContext(t.Context(), "GET", i.url+"/api/auth/me", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		return answer.StatusCode
	}
	t.Run("embedded", func(t *testing.T) {
		i := start(t, map[string]string{"WORKER": "off", "DATA_DIR": dir})
		r, err := http.NewRequestWithContext(t.Context(), "POST", i.url+"/api/auth/local", strings.NewReader(`{"secret":"`+i.localSecret()+`"}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Origin", i.url)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		var session api.LocalSession
		if err := json.NewDecoder(answer.Body).Decode(&session); err != nil {
			t.Fatal(err)
		}
		token, secret = session.Token, i.secret
	})
	t.Run("embedded again", func(t *testing.T) {
		if status := me(t, start(t, map[string]string{"WORKER": "off", "DATA_DIR": dir})); status != http.StatusOK {
			t.Errorf("after a restart: %d", status)
		}
	})
	t.Run("with a secret", func(t *testing.T) {
		if status := me(t, start(t, map[string]string{"WORKER": "off", "DATA_DIR": dir, "JWT_SECRET": secret})); status != http.StatusUnauthorized {
			t.Errorf("with an issuer of the same secret: %d", status)
		}
	})
}
