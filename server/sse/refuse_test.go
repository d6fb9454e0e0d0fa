package sse

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/server/auth"
	"reelroom/server/harness/eventsource"
	"reelroom/server/limits"
)

func TestRevocationAndLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, limits.New(limits.Settings{UserConnections: 2}, slog.New(slog.DiscardHandler)))
	token := bearer(t, "acme", models.RoleViewer)
	one := w.get(t.Context(), w.Client(), "/api/events", token, "Accept", mediaType)
	defer one.Body.Close()
	two := w.get(t.Context(), w.Client(), "/api/events", token, "Accept", mediaType)
	defer two.Body.Close()
	for _, accept := range []string{mediaType, "*/*"} {
		res := w.get(t.Context(), w.Client(), "/api/events", token, "Accept", accept)
		_ = res.Body.Close()
		if res.StatusCode != http.StatusTooManyRequests || res.Header.Get("Retry-After") == "" {
			t.Errorf("a third stream: %d %v", res.StatusCode, res.Header)
		}
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL+"/api/auth/logout", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	res, err := w.Client().Do(r)
	if err != nil || res.StatusCode != http.StatusNoContent {
		t.Fatal(res, err)
	}
	_ = res.Body.Close()
	for _, s := range []*http.Response{one, two} {
		reader := eventsource.NewReader(s.Body, "")
		var end eventsource.Event
		for {
			e, err := reader.Next()
			if err != nil {
				break
			}
			end = e
		}
		if end.Name != eventEnd || !strings.Contains(string(end.Data), `"token_revoked"`) {
			t.Errorf("%s %s", end.Name, end.Data)
		}
	}
}

// Every entry refuses who may not, and an id of others is one that is not.
func TestEveryEntryRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.video("acme", "v1")
	expired, _, err := auth.Signer{Secret: testSecret}.Token(models.Identity{UserID: "u", OrganizationID: "acme", Role: models.RoleAdmin}, -time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	other, err := auth.Mint(bytes.Repeat([]byte("z"), 32), models.Identity{UserID: "u", OrganizationID: "acme", Role: models.RoleAdmin}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	status := func(path, token, accept string) (int, string) {
		res := w.get(t.Context(), w.Client(), path, token, "Accept", accept)
		defer res.Body.Close()
		if res.StatusCode == http.StatusOK {
			return res.StatusCode, ""
		}
		body, _ := io.ReadAll(res.Body)
		id := res.Header.Get("X-Request-Id")
		return res.StatusCode, strings.ReplaceAll(string(body), id, "ID")
	}
	for _, e := range []struct{ path, accept string }{
		{"/api/jobs/v1", "*/*"}, {"/api/jobs/v1/stream", mediaType}, {"/api/events?video=v1", mediaType}, {"/api/events?wait=0&video=v1", "*/*"},
	} {
		for name, token := range map[string]string{"none": "", "expired": expired, "another secret": other} {
			if got, _ := status(e.path, token, e.accept); got != http.StatusUnauthorized {
				t.Errorf("%s, %s: %d", e.path, name, got)
			}
		}
		admin := bearer(t, "acme", models.RoleAdmin)
		if got, _ := status(e.path+map[bool]string{true: "&", false: "?"}[strings.Contains(e.path, "?")]+"token="+admin, "", e.accept); got != http.StatusUnauthorized {
			t.Errorf("%s took a token from the query: %d", e.path, got)
		}
		foreign := bearer(t, "evil", models.RoleAdmin)
		got, body := status(e.path, foreign, e.accept)
		absentStatus, absent := status(strings.ReplaceAll(e.path, "v1", "absent"), foreign, e.accept)
		if got != http.StatusNotFound || absentStatus != got || body != absent {
			t.Errorf("%s: a foreign id answers %d %s, an absent one %d %s", e.path, got, body, absentStatus, absent)
		}
		for _, role := range []models.Role{models.RoleViewer, models.RoleEditor, models.RoleAdmin, models.RoleService} {
			want := http.StatusOK
			if who := (models.Identity{Role: role}); !who.May(models.ActionView) {
				want = http.StatusForbidden
			}
			if got, body := status(e.path, bearer(t, "acme", role), e.accept); got != want {
				t.Errorf("%s as %s: %d %s", e.path, role, got, body)
			}
		}
	}
	if log := w.logged.String(); strings.Contains(log, "eyJ") {
		t.Error("a token is in the log")
	}
}

// A ticket opens a stream, and its cookie opens it again where it was.
func TestTicketOpensAStream(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.video("acme", "v1")
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL+"/api/tickets", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+bearer(t, "acme", models.RoleViewer))
	res, err := w.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	var got struct{ Ticket string }
	if err := json.NewDecoder(res.Body).Decode(&got); err != nil || got.Ticket == "" {
		t.Fatal(err, res.StatusCode)
	}
	_ = res.Body.Close()
	path := "/api/jobs/v1/stream?ticket=" + got.Ticket
	first := w.get(t.Context(), w.Client(), path, "", "Accept", mediaType)
	defer first.Body.Close()
	state, err := eventsource.NewReader(first.Body, "").Next()
	if err != nil || first.StatusCode != http.StatusOK || len(first.Cookies()) != 1 {
		t.Fatal(first.StatusCode, err)
	}
	place := w.append("acme", "v1", models.EventProgress, models.ToVideo)
	again := w.get(t.Context(), w.Client(), path, "", "Accept", mediaType, "Last-Event-ID", state.ID, "Cookie", first.Cookies()[0].Name+"="+first.Cookies()[0].Value)
	defer again.Body.Close()
	if e, err := eventsource.NewReader(again.Body, state.ID).Next(); err != nil || e.ID != place.String() {
		t.Errorf("%s, %v; want %s", e.ID, err, place)
	}
	stolen := w.get(t.Context(), w.Client(), path, "", "Accept", mediaType)
	_ = stolen.Body.Close()
	if stolen.StatusCode != http.StatusUnauthorized {
		t.Error(stolen.StatusCode)
	}
}
