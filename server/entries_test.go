package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/coder/websocket"

	"reelroom/models"
)

// wayIn is a way in over HTTP: a pattern of the mux, and a request that somebody
// with the right to it could send.
type wayIn struct {
	pattern string
	// path, query and body hold {id} where the id of an object stands.
	path, body, kind string
	header           []string
	// needs is the least that is asked of a role; "" where anybody may come.
	needs models.Action
	// object is what {id} names: "video", "batch", "upload"; "" for nothing.
	object string
	// stream tells that the answer has no end, socket that it is a WebSocket,
	// whose refusals are close codes.
	stream, socket bool
	// many tells that it takes a list, and says of each by itself what became of it.
	many bool
	// signed tells that a signed address opens it, too.
	signed bool
}

func (e *wayIn) method() string { method, _, _ := strings.Cut(e.pattern, " "); return method }

// forOperator is what no member may, whatever the role.
const forOperator models.Action = "operator"

// tooSmall is the answer to a member whose role does not suffice.
func (e *wayIn) tooSmall() int {
	if e.needs == forOperator { // a member's token is none that is known there
		return http.StatusUnauthorized
	}
	return http.StatusForbidden
}

// notThere is the answer about what the organization has not.
func (e *wayIn) notThere() int {
	if e.many {
		return http.StatusAccepted
	}
	return http.StatusNotFound
}

const jsonKind = "application/json"

// tus is the header of its requests.
func tus(more ...string) []string { return append([]string{"Tus-Resumable", "1.0.0"}, more...) }

var eventStream = []string{"Accept", "text/event-stream"}

// waysIn are all of them. TestEveryRouteHasAnEntry holds the list to the routes.
func waysIn() []wayIn {
	form, formKind := uploadForm("a title", "a body")
	files := batchForm("a file")
	list := []wayIn{
		{pattern: "POST /api/videos", path: "/api/videos", body: string(form), kind: formKind, needs: models.ActionEdit},
		{pattern: "GET /api/videos", path: "/api/videos?limit=5", needs: models.ActionView},
		{pattern: "GET /api/videos/counts", needs: models.ActionView},
		{pattern: "GET /api/videos/{id}", needs: models.ActionView, object: "video"},
		{pattern: "PATCH /api/videos/{id}", body: `{"title":"x"}`, kind: jsonKind, needs: models.ActionEdit, object: "video"},
		{pattern: "DELETE /api/videos/{id}", needs: models.ActionEdit, object: "video"},
		{pattern: "POST /api/videos/{id}/cancel", needs: models.ActionEdit, object: "video"},
		{pattern: "POST /api/videos/{id}/retry", needs: models.ActionEdit, object: "video"},
		{pattern: "POST /api/videos/{id}/review", body: `{"decision":"approve"}`, kind: jsonKind, needs: models.ActionAdmin, object: "video"},
		{pattern: "GET /api/videos/{id}/scores", needs: models.ActionView, object: "video"},
		{pattern: "GET /api/videos/{id}/audit", needs: models.ActionEdit, object: "video"},
		{pattern: "GET /api/org/policy", path: "/api/org/policy", needs: models.ActionView},
		{pattern: "PUT /api/org/policy", path: "/api/org/policy", body: `{"version":1,"reviewAt":0.1,"flagAt":0.2,"suggestiveAt":0.3}`, kind: jsonKind, needs: models.ActionAdmin},
		{pattern: "POST /api/org/policy/preview", path: "/api/org/policy/preview", body: `{"reviewAt":0.1,"flagAt":0.2,"suggestiveAt":0.3}`, kind: jsonKind, needs: models.ActionAdmin},
		{pattern: "GET /api/org/audit", path: "/api/org/audit", needs: models.ActionAdmin},
		{pattern: "GET /api/org/console", path: "/api/org/console", needs: models.ActionAdmin},
		{pattern: "GET /api/auth/me", path: "/api/auth/me", needs: models.ActionView},
		{pattern: "POST /api/tickets", path: "/api/tickets", needs: models.ActionView},
		{pattern: "POST /api/auth/logout", path: "/api/auth/logout", needs: models.ActionView},
		{pattern: "POST /api/auth/revocations", path: "/api/auth/revocations", body: `{"userId":"nobody"}`, kind: jsonKind, needs: models.ActionAdmin},
		{pattern: "POST /api/auth/password", path: "/api/auth/password", body: `{"current":"x","next":"y"}`, kind: jsonKind, needs: models.ActionView},
		{pattern: "GET /api/org", path: "/api/org", needs: models.ActionView},
		{pattern: "PATCH /api/org", path: "/api/org", body: `{"name":"x"}`, kind: jsonKind, needs: models.ActionAdmin},
		{pattern: "GET /api/org/members", path: "/api/org/members", needs: models.ActionView},
		{pattern: "PATCH /api/org/members/{userId}", path: "/api/org/members/nobody", body: `{"role":"viewer"}`, kind: jsonKind, needs: models.ActionAdmin},
		{pattern: "POST /api/org/members/{userId}/reset", path: "/api/org/members/nobody/reset", needs: models.ActionAdmin},
		{pattern: "GET /api/org/invites", path: "/api/org/invites", needs: models.ActionAdmin},
		{pattern: "POST /api/org/invites", path: "/api/org/invites", body: `{"role":"viewer"}`, kind: jsonKind, needs: models.ActionAdmin},
		{pattern: "DELETE /api/org/invites/{id}", path: "/api/org/invites/nobody", needs: models.ActionAdmin},
		{pattern: "DELETE /api/org/members/{userId}", path: "/api/org/members/nobody", needs: models.ActionAdmin},
		{pattern: "POST /api/events", path: "/api/events", body: `{"event":"video:updated","videoId":"{id}","data":{}}`, kind: jsonKind, needs: models.ActionPublish, object: "video"},
		{pattern: "POST /api/events", path: "/api/events", body: `{"event":"video:failed","videoId":"{id}","data":{}}`, kind: jsonKind, needs: models.ActionPublish, object: "video"},
		{pattern: "POST /api/events", path: "/api/events", body: `[{"event":"video:progress","videoId":"{id}","data":{}}]`, kind: jsonKind, needs: models.ActionPublish, object: "video", many: true},
		{pattern: "POST /api/chat", path: "/api/chat", body: `{"text":"x"}`, kind: jsonKind, needs: models.ActionView},
		{pattern: "POST /api/announcements", path: "/api/announcements", body: `{"message":"x"}`, kind: jsonKind, needs: models.ActionAdmin},
		{pattern: "POST /api/notifications", path: "/api/notifications", body: `{"userId":"x","message":"x"}`, kind: jsonKind, needs: models.ActionPublish},
		{pattern: "POST /api/operator/announcements", path: "/api/operator/announcements", body: `{"message":"x"}`, kind: jsonKind, needs: forOperator},
		{pattern: "POST /batch/upload", path: "/batch/upload", body: string(files), kind: formKind, needs: models.ActionEdit},
		{pattern: "GET /batch/{id}/status", needs: models.ActionView, object: "batch"},
		{pattern: "POST /batch/{id}/cancel", needs: models.ActionEdit, object: "batch"},
		{pattern: "POST /api/uploads", path: "/api/uploads", header: tus("Upload-Length", "4096", "Upload-Metadata", "filename YS5tcDQ="), needs: models.ActionEdit},
		{pattern: "HEAD /api/uploads/{id}", header: tus(), needs: models.ActionEdit, object: "upload"},
		{pattern: "PATCH /api/uploads/{id}", header: tus("Upload-Offset", "0"), body: "1", kind: "application/offset+octet-stream", needs: models.ActionEdit, object: "upload"},
		{pattern: "POST /api/uploads/{id}", header: tus("X-HTTP-Method-Override", "HEAD"), needs: models.ActionEdit, object: "upload"},
		{pattern: "DELETE /api/uploads/{id}", header: tus(), needs: models.ActionEdit, object: "upload"},
		{pattern: "GET /api/uploads", path: "/api/uploads", needs: models.ActionView},
		{pattern: "GET /api/uploads/{id}", needs: models.ActionEdit, object: "upload"},
		{pattern: "GET /api/videos/{id}/media", needs: models.ActionView, object: "video", signed: true},
		{pattern: "GET /api/videos/{id}/playback", needs: models.ActionView, object: "video", signed: true},
		{pattern: "GET /api/videos/{id}/thumbnail", needs: models.ActionView, object: "video", signed: true},
		{pattern: "GET /api/videos/{id}/storyboard.vtt", needs: models.ActionView, object: "video", signed: true},
		{pattern: "GET /api/videos/{id}/storyboard.jpg", needs: models.ActionView, object: "video", signed: true},
		{pattern: "GET /api/videos/{id}/evidence/{ms}", path: "/api/videos/{id}/evidence/0", needs: models.ActionView, object: "video", signed: true},
		{pattern: "GET /api/jobs/{id}", needs: models.ActionView, object: "video"},
		{pattern: "GET /api/jobs/{id}/stream", header: eventStream, needs: models.ActionView, object: "video", stream: true},
		{pattern: "GET /api/events", path: "/api/events?wait=0", needs: models.ActionView},
		{pattern: "GET /api/events", path: "/api/events", header: eventStream, needs: models.ActionView, stream: true},
		{pattern: "GET /api/events", path: "/api/events?video={id}", header: eventStream, needs: models.ActionView, object: "video", stream: true},
		{pattern: "GET /api/events", path: "/api/events?wait=0&video={id}", needs: models.ActionView, object: "video"},
		{pattern: "GET /ws/batch/{id...}", path: "/ws/batch/{id}", needs: models.ActionView, object: "batch", socket: true},
		{pattern: "GET /ws", path: "/ws?jobId={id}", needs: models.ActionView, object: "video", socket: true},

		{pattern: "GET /api/auth/options", path: "/api/auth/options"},
		{pattern: "GET /api/openapi.json", path: "/api/openapi.json"},
		{pattern: "GET /api/asyncapi.json", path: "/api/asyncapi.json"},
		{pattern: "GET /healthz", path: "/healthz"},
		{pattern: "GET /readyz", path: "/readyz"},
		{pattern: "GET /metrics", path: "/metrics"},
		// What lets in here is a secret of another kind.
		{pattern: "POST /api/auth/local", path: "/api/auth/local", body: `{}`, kind: jsonKind},
		{pattern: "POST /api/auth/register", path: "/api/auth/register", body: `{}`, kind: jsonKind},
		{pattern: "POST /api/auth/login", path: "/api/auth/login", body: `{}`, kind: jsonKind},
		{pattern: "POST /api/auth/refresh", path: "/api/auth/refresh"},
		{pattern: "POST /api/auth/invite", path: "/api/auth/invite", body: `{}`, kind: jsonKind},
		{pattern: "POST /api/auth/reset", path: "/api/auth/reset", body: `{}`, kind: jsonKind},
	}
	for i := range list {
		e := &list[i]
		if e.path == "" {
			_, e.path, _ = strings.Cut(e.pattern, " ")
		}
		if e.method() == http.MethodGet && !e.socket && e.needs != "" && e.pattern != "GET /api/uploads/{id}" { // which answers HEAD, too
			head := *e
			head.pattern = strings.Replace(e.pattern, "GET", "HEAD", 1)
			list = append(list, head)
		}
	}
	return list
}

// reply is an answer of any door, without what differs between any two: the id
// of the request, the date, and where asked the id of the object.
type reply struct {
	status int
	text   string
	raw    []byte
}

// knock sends an entry's request for an object, with a token or without.
func (h *house) knock(ctx context.Context, e *wayIn, id, token string, header ...string) reply {
	path := strings.ReplaceAll(e.path, "{id}", url.PathEscape(id))
	if e.socket {
		return h.dial(ctx, path, token, header...)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	body := strings.ReplaceAll(e.body, "{id}", id)
	r := httptest.NewRequestWithContext(ctx, e.method(), path, strings.NewReader(body))
	r.RemoteAddr, r.Host = "127.0.0.1:4000", "localhost"
	if e.kind != "" {
		r.Header.Set("Content-Type", e.kind)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i < len(e.header); i += 2 {
		r.Header.Set(e.header[i], e.header[i+1])
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := &endless{ResponseRecorder: httptest.NewRecorder()}
	if e.stream {
		w.enough = cancel
	}
	h.handler.ServeHTTP(w, r)
	return replyOf(w.Code, w.Header(), w.Body.Bytes(), id)
}

func replyOf(status int, h http.Header, body []byte, id string) reply {
	var raw bytes.Buffer
	_ = h.Write(&raw)
	raw.Write(body)
	h = h.Clone()
	request := h.Get("X-Request-Id")
	h.Del("X-Request-Id")
	h.Del("Date")
	head, _ := json.Marshal(h)
	text := fmt.Sprint(status, " ", string(head), " ", string(body))
	if request != "" {
		text = strings.ReplaceAll(text, request, "REQUEST")
	}
	if id != "" {
		text = strings.ReplaceAll(text, id, "ID")
	}
	return reply{status, text, raw.Bytes()}
}

// endless keeps an answer and stops the request once something was sent.
type endless struct {
	*httptest.ResponseRecorder
	enough context.CancelFunc
}

func (w *endless) Flush() {
	w.ResponseRecorder.Flush()
	if w.enough != nil {
		w.enough()
	}
}

// dial opens a WebSocket and reads until it is closed, or told the state.
func (h *house) dial(ctx context.Context, path, token string, header ...string) reply {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	head := http.Header{}
	for i := 0; i < len(header); i += 2 {
		head.Set(header[i], header[i+1])
	}
	if token != "" {
		head.Set("Authorization", "Bearer "+token)
	}
	conn, answer, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(h.url, "http")+path, &websocket.DialOptions{HTTPClient: h.client, HTTPHeader: head})
	if err != nil {
		if answer != nil {
			return reply{status: answer.StatusCode, text: err.Error()}
		}
		return reply{text: err.Error()}
	}
	defer func() { _ = conn.CloseNow() }()
	_, raw, err := conn.Read(ctx)
	if err == nil {
		return reply{http.StatusSwitchingProtocols, string(raw), raw}
	}
	var closed websocket.CloseError
	if e, ok := asClose(err); ok {
		closed = e
	}
	return reply{int(closed.Code), fmt.Sprintf("%d %s", closed.Code, closed.Reason), []byte(closed.Reason)}
}

// refuses says what a door says to who has no right to come.
func (e *wayIn) refuses(r reply, status int) bool {
	if !e.socket {
		return r.status == status
	}
	return slices.Contains(map[int][]int{
		http.StatusUnauthorized: {4001, 4003}, http.StatusForbidden: {4003}, http.StatusNotFound: {4404},
	}[status], r.status)
}

func asClose(err error) (closed websocket.CloseError, ok bool) {
	ok = errors.As(err, &closed)
	return closed, ok
}
