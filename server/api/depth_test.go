package api

import (
	"net/http"
	"strings"
	"testing"

	"reelroom/models"
)

// arrays are so many levels of them.
func arrays(levels int) string { return strings.Repeat("[", levels) + strings.Repeat("]", levels) }

func TestDeepJSONIsRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	d := b.put("acme")
	service, admin := token(t, "acme", models.RoleService), token(t, "acme", models.RoleAdmin)
	send := func(token, path, body string) answer { return b.json("POST", path, token, body) }
	for _, name := range []string{"video:updated", "video:progress"} {
		of := func(levels int) string {
			return `{"event":"` + name + `","videoId":"` + d.ID + `","data":{"message":"x","more":` + arrays(levels-2) + `}}`
		}
		send(service, "/api/events", of(models.MaxJSONDepth)).into(t, http.StatusAccepted, nil)
		for _, levels := range []int{models.MaxJSONDepth + 1, 5000} {
			send(service, "/api/events", of(levels)).refused(t, http.StatusBadRequest, models.CodeInvalid)
		}
		// Among others it keeps none of them away.
		var out EventReceipts
		send(service, "/api/events", "["+of(5000)+","+of(3)+"]").into(t, http.StatusAccepted, &out)
		if len(out.Receipts) != 2 || out.Receipts[0].Error == nil || out.Receipts[1].Error != nil {
			t.Errorf("%+v", out)
		}
	}
	for _, path := range []string{"/api/announcements", "/api/notifications", "/api/chat", "/api/auth/revocations"} {
		a := send(admin, path, `{"message":"x","text":"x","userId":"u","more":`+arrays(5000)+`}`)
		a.refused(t, http.StatusBadRequest, models.CodeInvalid)
		if !strings.Contains(string(a.body), "64 levels") {
			t.Errorf("%s: %s", path, a.body)
		}
	}
}
