package uploads

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/rooms"
	"reelroom/server/limits"
)

func TestUploadInPieces(t *testing.T) {
	t.Parallel()
	b := newBench(t, 1)
	n, ann := b.nodes[0], tokenOf(t, "acme", "ann", models.RoleEditor)
	file := video(10_000)
	path := n.begin(ann, len(file))
	if !strings.HasPrefix(path, "/api/uploads/") {
		t.Fatal("Location is", path)
	}
	for _, cut := range []int{0, 100, 5000} {
		a := n.head(path, ann).want(t, http.StatusOK, "")
		if h := a.Header; h.Get("Upload-Offset") != strconv.Itoa(cut) || h.Get("Upload-Length") != "10000" || h.Get("Upload-Expires") == "" ||
			h.Get("Cache-Control") != "no-store" || h.Get("Tus-Resumable") != version || !strings.Contains(h.Get("Upload-Metadata"), "filename Y2xpcC5tcDQ=") {
			t.Errorf("at %d the head is %v", cut, h)
		}
		to := map[int]int{0: 100, 100: 5000, 5000: 10_000}[cut]
		a = n.patch(path, ann, cut, file[cut:to]).want(t, http.StatusNoContent, "")
		if a.Header.Get("Upload-Offset") != strconv.Itoa(to) || (a.Header.Get("Reelroom-Video-Id") != "") != (to == 10_000) {
			t.Errorf("after %d: %v", to, a.Header)
		}
		if to == 100 {
			var d UploadState
			_ = json.Unmarshal(n.do("GET", path, ann, nil).body, &d)
			if d.Received != 100 || d.Size != 10_000 || d.Status != "uploading" || d.VideoID != nil || d.ExpiresAt == nil || d.Title != "clip" || d.UserID != "ann" {
				t.Errorf("the document is %+v", d)
			}
			var l struct{ Data []UploadState }
			_ = json.Unmarshal(n.do("GET", "/api/uploads", tokenOf(t, "acme", "eve", models.RoleViewer), nil).body, &l)
			if len(l.Data) != 1 || l.Data[0].ID != d.ID {
				t.Errorf("the list is %+v", l)
			}
		}
	}
	// Whatever is repeated now tells of the same video.
	id := n.head(path, ann).Header.Get("Reelroom-Video-Id")
	a := n.patch(path, ann, 10_000, nil).want(t, http.StatusNoContent, "")
	if id == "" || a.Header.Get("Reelroom-Video-Id") != id || a.Header.Get("Content-Location") != "/api/videos/"+id {
		t.Errorf("the video is %q, then %v", id, a.Header)
	}
	n.patch(path, ann, 0, file).want(t, http.StatusConflict, models.CodeOffset)
	if got := n.media(ann, id); !bytes.Equal(got, file) {
		t.Errorf("the file came as %d other bytes", len(got))
	}
	var d UploadState
	_ = json.Unmarshal(n.do("GET", path, ann, nil).body, &d)
	if d.Status != "finished" || d.VideoID == nil || *d.VideoID != id || d.Received != 10_000 {
		t.Errorf("in the end the document is %+v", d)
	}
	if b.store.created != 1 {
		t.Errorf("%d videos were made", b.store.created)
	}
	if got := b.events("acme"); !slices.Equal(got, []string{"video:queued", "upload:finished"}) {
		t.Errorf("the log has %v", got)
	}
	// To end an upload that is a video does the video nothing.
	n.do("DELETE", path, ann, nil).want(t, http.StatusNoContent, "")
	n.head(path, ann).want(t, http.StatusNotFound, "")
	n.media(ann, id)
}

func TestCreationWithUpload(t *testing.T) {
	t.Parallel()
	b := newBench(t, 1)
	n, ann := b.nodes[0], tokenOf(t, "acme", "ann", models.RoleEditor)
	file := video(5000)
	a := n.do("POST", "/api/uploads", ann, bytes.NewReader(file), "Upload-Length", "5000", "Content-Type", chunkType, "Upload-Metadata", meta(`..\..\a/évil<b>.mp4`))
	a.want(t, http.StatusCreated, "")
	id := a.Header.Get("Reelroom-Video-Id")
	if a.Header.Get("Upload-Offset") != "5000" || id == "" || a.Header.Get("Location") == "" {
		t.Fatal(a.Header)
	}
	var d models.Document
	_ = json.Unmarshal(n.do("GET", "/api/videos/"+id, ann, nil).body, &d)
	if d.FileName != "évil<b>.mp4" || d.Title != "évil<b>" || d.UploadedBy != "ann" {
		t.Errorf("the video is %+v", d)
	}
	half := n.do("POST", "/api/uploads", ann, bytes.NewReader(file[:2000]), "Upload-Length", "5000", "Content-Type", chunkType)
	half.want(t, http.StatusCreated, "")
	n.patch(half.Header.Get("Location"), ann, 2000, file[2000:], "X-HTTP-Method-Override", "DELETE").want(t, http.StatusNoContent, "")
}

// TestKeyOfTheUploader looks at all that tells of an upload: each repeats the
// key by which the client knows its own before it has the id.
func TestKeyOfTheUploader(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{"5f0e17c2": "5f0e17c2", "": "", "two words": "", strings.Repeat("k", 200): "", "a\xffb": "ab"} {
		b := newBench(t, 1)
		n, ann := b.nodes[0], tokenOf(t, "acme", "ann", models.RoleEditor)
		a := n.do("POST", "/api/uploads", ann, nil, "Upload-Length", "5000", "Upload-Metadata", meta("clip.mp4")+",key "+base64.StdEncoding.EncodeToString([]byte(given)))
		path := a.want(t, http.StatusCreated, "").Header.Get("Location")
		var d UploadState
		_ = json.Unmarshal(n.do("GET", path, ann, nil).body, &d)
		var l UploadListing
		_ = json.Unmarshal(n.do("GET", "/api/uploads", ann, nil).body, &l)
		if d.Key != want || len(l.Data) != 1 || l.Data[0].Key != want {
			t.Errorf("%q: the document says %q, the list %+v", given, d.Key, l.Data)
		}
		n.patch(path, ann, 0, video(5000)).want(t, http.StatusNoContent, "")
		if ends := b.ends("acme"); len(ends) != 1 || ends[0].Key != want {
			t.Errorf("%q: the events say %+v", given, ends)
		}
	}
}

func TestOptionsAndPreflight(t *testing.T) {
	t.Parallel()
	n := newBench(t, 1).nodes[0]
	a := n.do("OPTIONS", "/api/uploads", "", nil).want(t, http.StatusNoContent, "")
	if h := a.Header; h.Get("Tus-Version") != version || h.Get("Tus-Extension") != extensions || h.Get("Tus-Max-Size") != strconv.Itoa(maxUpload) {
		t.Error(h)
	}
	a = n.do("OPTIONS", "/api/uploads/x", "", nil, "Origin", "https://app.example", "Access-Control-Request-Method", "PATCH",
		"Access-Control-Request-Headers", "authorization,content-type,tus-resumable,upload-offset")
	for _, want := range []string{"Tus-Resumable", "Upload-Offset", "Upload-Length", "Upload-Metadata", "Content-Type", "Authorization"} {
		if !strings.Contains(a.Header.Get("Access-Control-Allow-Headers"), want) {
			t.Errorf("a preflight lacks %s: %v", want, a.Header)
		}
	}
	a = n.do("HEAD", "/api/uploads/x", "", nil, "Origin", "https://app.example")
	for _, want := range []string{"Upload-Offset", "Location", "Upload-Length", "Reelroom-Video-Id", "Upload-Expires"} {
		if !strings.Contains(a.Header.Get("Access-Control-Expose-Headers"), want) {
			t.Errorf("%s cannot be read: %v", want, a.Header)
		}
	}
}

func TestWhatClientsMayNotSay(t *testing.T) {
	t.Parallel()
	b := newBench(t, 1)
	n, ann := b.nodes[0], tokenOf(t, "acme", "ann", models.RoleEditor)
	create := func(status int, code models.Code, header ...string) {
		t.Helper()
		n.do("POST", "/api/uploads", ann, nil, header...).want(t, status, code)
	}
	create(http.StatusBadRequest, models.CodeInvalid)
	for _, length := range []string{"-1", "x", "1e3", "99999999999999999999", "0x10", " "} {
		create(http.StatusBadRequest, models.CodeInvalid, "Upload-Length", length)
	}
	create(http.StatusBadRequest, models.CodeEmptyFile, "Upload-Length", "0")
	create(http.StatusRequestEntityTooLarge, models.CodeTooLarge, "Upload-Length", strconv.Itoa(maxUpload+1))
	create(http.StatusRequestEntityTooLarge, models.CodeTooLarge, "Upload-Length", "9223372036854775807")
	create(http.StatusUnprocessableEntity, models.CodeUnsupported, "Upload-Defer-Length", "1")
	create(http.StatusBadRequest, models.CodeInvalid, "Upload-Length", "5", "Upload-Defer-Length", "2")
	create(http.StatusUnprocessableEntity, models.CodeUnsupported, "Upload-Length", "5", "Upload-Concat", "final;/api/uploads/a /api/uploads/b")
	create(http.StatusPreconditionFailed, models.CodeUploadVersion, "Upload-Length", "5", "Tus-Resumable", "0.2.2")
	create(http.StatusPreconditionFailed, models.CodeUploadVersion, "Upload-Length", "5", "Tus-Resumable", "")
	create(http.StatusBadRequest, models.CodeInvalid, "Upload-Length", "5", "Upload-Metadata", strings.Repeat("a YQ==,", 4000))
	create(http.StatusMethodNotAllowed, "", "Upload-Length", "5", "X-HTTP-Method-Override", "PATCH")
	if all, _ := b.nodes[0].door.shelf.list("acme", none); len(all) != 0 {
		t.Fatalf("%d uploads were begun", len(all))
	}

	file := video(1000)
	path := n.begin(ann, len(file))
	n.patch(path, ann, 1, file[1:]).want(t, http.StatusConflict, models.CodeOffset)
	n.patch(path, ann, -1, file).want(t, http.StatusBadRequest, models.CodeInvalid)
	n.patch(path, ann, 0, file, "Upload-Offset", "").want(t, http.StatusBadRequest, models.CodeInvalid)
	n.patch(path, ann, 0, file, "Content-Type", "application/json").want(t, http.StatusBadRequest, models.CodeInvalid)
	n.patch(path, ann, 0, file, "Tus-Resumable", "9").want(t, http.StatusPreconditionFailed, models.CodeUploadVersion)
	n.patch(path, ann, 0, append(file, 'x')).want(t, http.StatusRequestEntityTooLarge, models.CodeTooLarge)
	n.patch(path, ann, 0, file, "Upload-Length", "2000").want(t, http.StatusUnprocessableEntity, models.CodeUnsupported)
	n.do("POST", path, ann, nil, "X-HTTP-Method-Override", "PUT").want(t, http.StatusMethodNotAllowed, "")
	n.do("POST", path, ann, nil).want(t, http.StatusMethodNotAllowed, "")
	n.do("PUT", path, ann, nil).want(t, http.StatusMethodNotAllowed, "")
	if a := n.head(path, ann); a.Header.Get("Upload-Offset") != "0" {
		t.Errorf("after refusals the offset is %s", a.Header.Get("Upload-Offset"))
	}
	// Of a body without a length no byte is taken that was not announced.
	n.do("PATCH", path, ann, io.MultiReader(bytes.NewReader(file), strings.NewReader("more")), "Upload-Offset", "0", "Content-Type", chunkType).
		want(t, http.StatusRequestEntityTooLarge, models.CodeTooLarge)
	id := n.head(path, ann).Header.Get("Reelroom-Video-Id")
	if got := n.media(ann, id); !bytes.Equal(got, file) {
		t.Errorf("%d bytes were taken", len(got))
	}
	if log := b.said.String(); strings.Contains(log, "eyJ") {
		t.Error("a token reached the log")
	}
}

func TestWhatIsNoVideoIsRefusedAtItsFirstBytes(t *testing.T) {
	t.Parallel()
	b := newBench(t, 1)
	n, ann := b.nodes[0], tokenOf(t, "acme", "ann", models.RoleEditor)
	page := []byte(strings.Repeat("<html>", 10_000))
	path := n.begin(ann, len(page))
	n.patch(path, ann, 0, page[:4000]).want(t, http.StatusNoContent, "")
	n.patch(path, ann, 4000, page[4000:50_000]).want(t, http.StatusUnsupportedMediaType, models.CodeUnsupportedMedia)
	n.head(path, ann).want(t, http.StatusNotFound, "")
	n.patch(path, ann, 50_000, page[50_000:]).want(t, http.StatusNotFound, models.CodeNotFound)
	n.do("POST", "/api/uploads", ann, strings.NewReader("hello"), "Upload-Length", "5", "Content-Type", chunkType).
		want(t, http.StatusUnsupportedMediaType, models.CodeUnsupportedMedia)
	if all, _ := n.door.shelf.list("acme", none); len(all) != 0 {
		t.Errorf("%d uploads are left", len(all))
	}
	if got := b.events("acme"); !slices.Equal(got, []string{"upload:cancelled", "upload:cancelled"}) {
		t.Errorf("the log has %v", got)
	}
}

// Another organization's upload, another user's and one that never was are all
// the same, also to the owner's running request; only an admin may look in.
func TestUploadsOfOthersAreAbsent(t *testing.T) {
	t.Parallel()
	b := newBench(t, 1)
	n, ann := b.nodes[0], tokenOf(t, "acme", "ann", models.RoleEditor)
	file := video(6000)
	path := n.begin(ann, len(file))
	n.patch(path, ann, 0, file[:5000]).want(t, http.StatusNoContent, "")
	absent := "/api/uploads/" + models.NewID(time.Now())
	strip := func(a answered) string {
		h := a.Header.Clone()
		id := h.Get("X-Request-Id")
		h.Del("X-Request-Id")
		h.Del("Date")
		return fmt.Sprint(a.StatusCode, h, strings.ReplaceAll(string(a.body), id, "ID"))
	}
	for name, token := range map[string]string{
		"another organization's admin":     tokenOf(t, "evil", "ann", models.RoleAdmin),
		"another user of the organization": tokenOf(t, "acme", "bob", models.RoleEditor),
	} {
		for _, try := range [][]string{
			{"GET"}, {"HEAD"}, {"DELETE"}, {"PATCH", "Upload-Offset", "5000", "Content-Type", chunkType}, {"PATCH", "Upload-Offset", "0", "Content-Type", chunkType}, {"PATCH"},
			{"POST", "X-HTTP-Method-Override", "DELETE"}, {"POST", "X-HTTP-Method-Override", "PATCH", "Upload-Offset", "5000", "Content-Type", chunkType},
		} {
			have := n.do(try[0], path, token, bytes.NewReader(file[5000:]), try[1:]...).want(t, http.StatusNotFound, "")
			if want := n.do(try[0], absent, token, bytes.NewReader(file[5000:]), try[1:]...); strip(have) != strip(want) {
				t.Errorf("%s, %v: answered\n%s\nof an absent one\n%s", name, try, strip(have), strip(want))
			}
		}
	}
	for _, id := range []string{"..", ".%2e", "%2e%2e%2f%2e%2e", "..%2facme", "x%00", "acme%2f" + lastOf(path), strings.ToUpper(lastOf(path)), lastOf(path) + "%2fdata", lastOf(path) + ".json", strings.Repeat("a", 5000)} {
		n.do("HEAD", "/api/uploads/"+id, ann, nil, "Tus-Resumable", version).want(t, http.StatusNotFound, "")
	}
	var l struct{ Data []UploadState }
	_ = json.Unmarshal(n.do("GET", "/api/uploads", tokenOf(t, "evil", "ann", models.RoleAdmin), nil).body, &l)
	if len(l.Data) != 0 {
		t.Errorf("a foreign list holds %v", l.Data)
	}
	n.do("GET", "/api/uploads", tokenOf(t, "acme", "svc", models.RoleService), nil).want(t, http.StatusOK, "")
	for _, role := range []models.Role{models.RoleViewer, models.RoleService} {
		for _, p := range []string{path, absent} {
			n.head(p, tokenOf(t, "acme", "ann", role)).want(t, http.StatusForbidden, "")
		}
		n.do("POST", "/api/uploads", tokenOf(t, "acme", "ann", role), nil, "Upload-Length", "5").want(t, http.StatusForbidden, models.CodeForbidden)
	}
	for _, method := range []string{"GET", "HEAD", "PATCH", "DELETE", "POST"} {
		n.do(method, path, "", nil).want(t, http.StatusUnauthorized, "")
		n.do(method, path+"?token="+ann, "", nil).want(t, http.StatusUnauthorized, "")
	}
	admin := tokenOf(t, "acme", "root", models.RoleAdmin)
	if a := n.head(path, admin).want(t, http.StatusOK, ""); a.Header.Get("Upload-Offset") != "5000" {
		t.Errorf("after all that the offset is %s", a.Header.Get("Upload-Offset"))
	}
	n.do("DELETE", path, admin, nil).want(t, http.StatusNoContent, "")
	n.head(path, ann).want(t, http.StatusNotFound, "")
	if got := b.events("acme"); !slices.Contains(got, "upload:cancelled") {
		t.Errorf("the log has %v", got)
	}
}

func TestQuotas(t *testing.T) {
	t.Parallel()
	b := newBench(t, 1, func(b *bench) {
		b.limit = limits.Settings{UserUnfinished: 2, OrgUnfinished: 3, UserUnfinishedMB: 1, OrgUnfinishedMB: 2}
	})
	n, ann, bob := b.nodes[0], tokenOf(t, "acme", "ann", models.RoleEditor), tokenOf(t, "acme", "bob", models.RoleEditor)
	refused := func(token string, size int) {
		t.Helper()
		a := n.do("POST", "/api/uploads", token, nil, "Upload-Length", strconv.Itoa(size)).want(t, http.StatusTooManyRequests, models.CodeRateLimited)
		if a.Header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
	}
	first := n.begin(ann, 1<<19)
	refused(ann, 1<<19+1)
	n.begin(ann, 1<<19)
	refused(ann, 1)
	n.begin(bob, 1<<20)
	refused(bob, 1)
	refused(tokenOf(t, "acme", "eve", models.RoleEditor), 1) // the organization's third was the last
	n.begin(tokenOf(t, "other", "ann", models.RoleEditor), 1<<19)
	n.do("DELETE", first, ann, nil).want(t, http.StatusNoContent, "")
	second := n.begin(ann, 1000)
	refused(ann, 1)
	n.patch(second, ann, 0, video(1000)).want(t, http.StatusNoContent, "") // a video counts no more
	n.begin(ann, 1)
}

func TestProgressIsToldToTheOrganization(t *testing.T) {
	t.Parallel()
	b := newBench(t, 1)
	n, ann := b.nodes[0], tokenOf(t, "acme", "ann", models.RoleEditor)
	file := video(6000)
	path := n.begin(ann, len(file))
	n.patch(path, ann, 0, file[:5000])
	b.events("acme")
	n.patch(path, ann, 5000, file[5000:])
	b.events("acme")
	all, err := b.log.After(t.Context(), "acme", rooms.Cursor{}, 100)
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, e := range all {
		var p models.UploadFinished
		_ = json.Unmarshal(e.Payload, &p)
		if e.Audience != models.ToOrganization || p.OrganizationID != "acme" {
			t.Errorf("%s is for %s of %s", e.Name, e.Audience, p.OrganizationID)
		}
		if strings.HasPrefix(string(e.Name), "upload:") && (p.UploadID != lastOf(path) || p.UserID != "ann" || p.FileName != "clip.mp4" || p.Title != "clip" || p.Size != 6000) {
			t.Errorf("%s says %+v", e.Name, p)
		}
		told = append(told, fmt.Sprint(e.Name, " ", p.Received, " ", p.VideoID != ""))
	}
	if want := []string{"upload:progress 5000 false", "video:queued 0 true", "upload:finished 6000 true"}; !slices.Equal(told, want) {
		t.Errorf("told was %q, want %q", told, want)
	}
}
