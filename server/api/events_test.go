package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/server/limits"
)

func event(id, data string) string {
	return fmt.Sprintf(`{"event":"video:progress","videoId":"ID","data":%s,"id":%q}`, data, id)
}

func TestManyEventsAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	d := b.put("acme")
	send := func(kind, body string) answer {
		return b.do("POST", "/api/events", token(t, "acme", models.RoleService), strings.NewReader(strings.ReplaceAll(body, "ID", d.ID)), "Content-Type", kind)
	}
	one, two, bad := event("a", `{"progress":1}`), event("b", `{"progress":2}`), event("c", `{"progress":200}`)
	foreign := `{"event":"video:updated","videoId":"absent"}`
	end := `{"event":"video:failed","videoId":"ID","data":{"error":"no"},"id":"z"}`
	late := event("d", `{}`)
	for name, c := range map[string]struct{ kind, body string }{
		"array": {"application/json", " [" + strings.Join([]string{one, bad, foreign, two, one, `5`, end, late, end}, ",\n") + "]\n"},
		"lines": {"application/x-ndjson", strings.Join([]string{one, bad, foreign, two, "", one, `{`, end, late, end}, "\r\n")},
	} {
		var out EventReceipts
		send(c.kind, c.body).into(t, http.StatusAccepted, &out)
		var codes []string
		for _, r := range out.Receipts {
			switch {
			case r.Error != nil && r.Seq == 0 && r.Cursor == "" && r.Error.Message != "":
				codes = append(codes, string(r.Error.Code))
			case r.Error == nil && r.Repeated:
				codes = append(codes, "again")
			case r.Error == nil && r.Seq > 0:
				codes = append(codes, "ok")
			}
		}
		if got := strings.Join(codes, " "); got != "ok invalid not_found ok again invalid ok conflict again" &&
			got != "again invalid not_found again again invalid again conflict again" { // the second of the two
			t.Errorf("%s: %s", name, got)
		}
		if out.Receipts[0].Cursor != out.Receipts[4].Cursor || out.Receipts[6].Cursor != out.Receipts[8].Cursor || out.Receipts[0].Seq >= out.Receipts[3].Seq {
			t.Errorf("%s: %+v", name, out)
		}
	}
	if n := len(b.told("acme")); n != 4 { // queued, twice progress, failed
		t.Errorf("%d events", n)
	}
	for name, c := range map[string]struct {
		kind, body string
		status     int
		code       models.Code
	}{
		"none":          {"application/json", `[]`, 400, models.CodeInvalid},
		"no lines":      {"application/x-ndjson", "\n\n", 400, models.CodeInvalid},
		"too many":      {"application/json", "[" + strings.Repeat("{},", maxEvents) + "{}]", 400, models.CodeInvalid},
		"lines of them": {"application/x-ndjson", strings.Repeat("{}\n", maxEvents+1), 400, models.CodeInvalid},
		"broken":        {"application/json", `[{}`, 400, models.CodeInvalid},
		"too large":     {"application/json", `[` + strings.Repeat(" ", maxEventsBody) + `]`, 413, models.CodeTooLarge},
		"text":          {"text/plain", `[]`, 415, codeMediaType},
		"no UTF-8":      {"application/x-ndjson", "\xff", 400, models.CodeInvalid},
	} {
		t.Log(name)
		send(c.kind, c.body).refused(t, c.status, c.code)
	}
	big := `{"event":"video:updated","videoId":"ID","data":{"x":"` + strings.Repeat("x", maxJSON) + `"}}`
	var out EventReceipts
	send("application/json", "["+big+"]").into(t, http.StatusAccepted, &out)
	if out.Receipts[0].Error == nil || out.Receipts[0].Error.Code != models.CodeTooLarge {
		t.Errorf("%+v", out)
	}
	b.redis.SetError("LOADING")
	send("application/json", "["+`{"event":"video:updated","videoId":"ID"}`+"]").refused(t, 503, models.CodeUnavailable)
}

// What follows an event that may be taken later is not taken: the order holds.
func TestManyEventsStopAtTheLimit(t *testing.T) {
	t.Parallel()
	b := newLimitedBench(t, limits.Settings{OrgEvents: 1}) // 2 at once
	d := b.put("acme")
	var all []string
	for i := range 60 {
		all = append(all, strings.ReplaceAll(event(fmt.Sprint(i), `{}`), "ID", d.ID))
	}
	var out EventReceipts
	b.json("POST", "/api/events", token(t, "acme", models.RoleService), "["+strings.Join(all, ",")+"]").into(t, http.StatusAccepted, &out)
	taken := 0
	for taken < len(out.Receipts) && out.Receipts[taken].Error == nil {
		taken++
	}
	if taken < 2 || taken > 50 || len(b.told("acme")) != 1+taken {
		t.Errorf("%d were taken, %d are told", taken, len(b.told("acme"))-1)
	}
	for _, r := range out.Receipts[taken:] {
		if r.Error == nil || r.Error.Code != models.CodeRateLimited {
			t.Errorf("%+v", r)
		}
	}
}

// An event that may be taken later is not overtaken by those behind it.
func TestManyEventsStopWhereTheLogIsAway(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	d := b.put("acme")
	events := 0
	b.library.Now = func() time.Time { // asked once for each event
		if events++; events == 2 {
			b.redis.SetError("LOADING")
		} else {
			b.redis.SetError("")
		}
		return time.Now()
	}
	body := strings.ReplaceAll("["+event("a", `{}`)+","+event("b", `{}`)+","+event("c", `{}`)+"]", "ID", d.ID)
	var out EventReceipts
	b.json("POST", "/api/events", token(t, "acme", models.RoleService), body).into(t, http.StatusAccepted, &out)
	b.redis.SetError("")
	if r := out.Receipts; r[0].Error != nil || r[1].Error == nil || r[1].Error.Code != models.CodeUnavailable || r[2].Error == nil || len(b.told("acme")) != 2 {
		t.Errorf("%+v", out)
	}
}

// Whatever strangers send: a problem, or a receipt for each event.
func FuzzPublishOverHTTP(f *testing.F) {
	for _, s := range []string{event("a", `{"progress":1}`), "[" + event("a", `{}`) + "]", event("a", `{}`) + "\n" + event("b", `{}`), `[1,null,{}]`, ``, "[", "{\"event\":\"video:failed\",\"videoId\":\"ID\"}"} {
		f.Add(s, true)
		f.Add(s, false)
	}
	b := newBench(f, nil)
	id := b.put("acme").ID
	service := token(f, "acme", models.RoleService)
	f.Fuzz(func(t *testing.T, body string, array bool) {
		kind := "application/json"
		if !array {
			kind = typeLines
		}
		r := httptest.NewRequest("POST", "/api/events", strings.NewReader(strings.ReplaceAll(body, "ID", id)))
		r.Header.Set("Content-Type", kind)
		r.Header.Set("Authorization", "Bearer "+service)
		a := httptest.NewRecorder()
		b.Config.Handler.ServeHTTP(a, r)
		switch {
		case a.Code == http.StatusAccepted:
			var any struct {
				Cursor   string
				Receipts []EventReceipt
			}
			if err := json.Unmarshal(a.Body.Bytes(), &any); err != nil || any.Cursor == "" && len(any.Receipts) == 0 {
				t.Errorf("%s: %s", body, a.Body)
			}
		case a.Code >= 500:
			t.Errorf("%s: %d %s", body, a.Code, a.Body)
		}
	})
}

// An array of very many elements is refused before they are all taken apart, and
// what is no array is refused as such.
func TestElementsAreBounded(t *testing.T) {
	t.Parallel()
	bomb := []byte("[" + strings.Repeat("0,", maxEventsBody/2-2) + "0]")
	if events, err := elements(bomb); err != nil || len(events) != maxEvents+1 {
		t.Errorf("%d of half a million were read, %v", len(events), err)
	}
	for body, want := range map[string]int{"[]": 0, "[1]": 1, ` [ {"a":[1]} , 2 ] ` + "\n": 2, "[1": -1, "[1,": -1, "[1 2]": -1, "[1]]": -1, "[1] 2": -1, "[1}": -1, "[,]": -1, "[1,]": -1} {
		events, err := elements([]byte(body))
		if err != nil && want >= 0 || err == nil && want != len(events) {
			t.Errorf("%s: %d elements, %v", body, len(events), err)
		}
	}
}
