package main

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"reelroom/models"
)

// The settings reach both doors, and /metrics shows who was refused why, but no
// name of anybody.
func TestLimitsAreSetAndShown(t *testing.T) {
	t.Parallel()
	in := start(t, map[string]string{"LIMIT_USER_REQUESTS": "1", "LIMIT_USER_CONNECTIONS": "1", "WORKER": "off"})
	viewer := in.token("acme-inc", models.RoleViewer)
	refused := 0
	for range 400 { // 10 at once, then one a second
		if in.call(http.MethodGet, "/api/auth/me", viewer, nil, "", nil) == http.StatusTooManyRequests {
			refused++
		}
	}
	if refused == 0 {
		t.Error("400 requests were taken")
	}
	in.listen(viewer)
	answer, err := http.Get(in.url + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	for _, line := range []string{
		`reelroom_limit_keys{limit="connections",scope="organization"} 1`,
		`reelroom_limit_keys{limit="connections",scope="user"} 1`,
		`reelroom_limit_keys{limit="connections",scope="address"} 1`,
		`reelroom_limit_refused_total{limit="flood",scope="user"} 0`,
		`reelroom_eta_under_ratio{place="start",quantile="0.9"} 0`,
		`reelroom_eta_promises{place="inside"} 0`,
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("/metrics lacks %s", line)
		}
	}
	if strings.Contains(text, `reelroom_limit_refused_total{limit="requests",scope="user"} 0`) || strings.Contains(text, "acme") {
		t.Error("/metrics shows no refusal, or a tenant's name")
	}
}
