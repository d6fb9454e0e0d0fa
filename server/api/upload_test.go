package api

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"reelroom/models"
)

// files counts the blobs on the disk, unfinished ones included.
func (b *bench) files() int {
	b.t.Helper()
	n := 0
	err := filepath.WalkDir(b.blobs, func(_ string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			n++
		}
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return n
}

func (b *bench) count(org string) int {
	b.t.Helper()
	var list struct{ Data []models.Document }
	b.do("GET", "/api/videos", token(b.t, org, models.RoleViewer), nil).into(b.t, http.StatusOK, &list)
	return len(list.Data)
}

func TestUpload(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	editor := token(t, "acme", models.RoleEditor)
	for name, fields := range map[string][]field{
		"title before": {{"title", "", "A title"}, {"file", "x.mp4", video("x")}},
		"title after":  {{"file", "x.mp4", video("x")}, {"title", "", "A title"}},
		"other fields": {{"comment", "", "hello"}, {"file", "x.mp4", video("x")}, {"comment", "", "bye"}, {"title", "", "A title"}},
	} {
		var d models.Document
		a := b.upload(editor, fields...)
		a.into(t, http.StatusAccepted, &d)
		if d.Title != "A title" || d.FileName != "x.mp4" || d.MediaType != "video/mp4" || d.MongoID != d.ID || a.Header.Get("Location") != "/api/videos/"+d.ID {
			t.Errorf("%s: %+v at %q", name, d, a.Header.Get("Location"))
		}
	}
	if len(b.queue.all) != 3 || b.count("acme") != 3 {
		t.Error("tasks:", b.queue.all)
	}
}

func TestUploadRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	editor := token(t, "acme", models.RoleEditor)
	big := strings.Repeat("x", maxUpload)
	for name, c := range map[string]struct {
		fields []field
		status int
		code   models.Code
	}{
		"empty":          {[]field{{"file", "x.mp4", ""}}, 400, models.CodeEmptyFile},
		"text":           {[]field{{"file", "x.mp4", "hello"}}, 415, models.CodeUnsupportedMedia},
		"playlist":       {[]field{{"file", "x.mp4", "#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n"}}, 415, models.CodeUnsupportedMedia},
		"picture":        {[]field{{"file", "x.mp4", "\xFF\xD8\xFF\xE0" + big[:500_000]}}, 415, models.CodeUnsupportedMedia},
		"no file":        {[]field{{"title", "", "x"}}, 400, models.CodeInvalid},
		"no fields":      {nil, 400, models.CodeInvalid},
		"two files":      {[]field{{"file", "x.mp4", video("")}, {"file", "y.mp4", video("")}}, 400, models.CodeInvalid},
		"two titles":     {[]field{{"title", "", "x"}, {"title", "", "y"}, {"file", "y.mp4", video("")}}, 400, models.CodeInvalid},
		"long title":     {[]field{{"file", "y.mp4", video("")}, {"title", "", big[:5000]}}, 400, models.CodeInvalid},
		"many fields":    {append(make20(), field{"file", "y.mp4", video("")}), 400, models.CodeInvalid},
		"a little large": {[]field{{"file", "x.mp4", video(big)}}, 413, models.CodeTooLarge},
		"too large":      {[]field{{"file", "x.mp4", video(big + big)}}, 413, models.CodeTooLarge},
	} {
		t.Log(name)
		b.upload(editor, c.fields...).refused(t, c.status, c.code)
	}
	body, kind := makeForm(t, field{"file", "x.mp4", video(big + big)})
	// Without a length, so that the limit is met while reading.
	b.do("POST", "/api/videos", editor, io.MultiReader(bytes.NewReader(body)), "Content-Type", kind).refused(t, 413, models.CodeTooLarge)
	for _, kind := range []string{"", "video/mp4", "multipart/mixed; boundary=x", "multipart/form-data", "application/json"} {
		b.do("POST", "/api/videos", editor, strings.NewReader("x"), "Content-Type", kind).refused(t, 415, codeMediaType)
	}
	if n := b.files(); n != 0 || b.count("acme") != 0 || len(b.queue.all) != 0 {
		t.Errorf("refused uploads left %d files", n)
	}
}

func make20() (f []field) {
	for i := range 20 {
		f = append(f, field{fmt.Sprint("f", i), "", "x"})
	}
	return f
}

func TestUploadTooLargeIsRefusedBeforeItIsSent(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	c := b.dial()
	_, kind := makeForm(t)
	fmt.Fprintf(c, "POST /api/videos HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: %s\r\nContent-Length: 99999999999\r\nExpect: 100-continue\r\n\r\n", token(t, "acme", models.RoleEditor), kind)
	got, err := io.ReadAll(c) // ends: the server closes
	if err != nil || !strings.HasPrefix(string(got), "HTTP/1.1 413 ") {
		t.Errorf("%v\n%s", err, got)
	}
}

func (b *bench) dial() net.Conn {
	b.t.Helper()
	u, err := url.Parse(b.URL)
	if err != nil {
		b.t.Fatal(err)
	}
	c, err := net.Dial("tcp", u.Host)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { c.Close() })
	return c
}

func TestUploadCutInTheMiddleLeavesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	body, kind := makeForm(t, field{"title", "", "A title"}, field{"file", "x.mp4", video(strings.Repeat("x", 300_000))})
	editor := token(t, "acme", models.RoleEditor)
	for _, at := range []int{0, 10, 150, 300, 5000, 200_000, len(body) - 60, len(body) - 5} {
		c := b.dial()
		fmt.Fprintf(c, "POST /api/videos HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n", editor, kind, len(body))
		if _, err := c.Write(body[:at]); err != nil {
			t.Fatal(err)
		}
		if err := c.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(c)
		if err != nil || !strings.HasPrefix(string(got), "HTTP/1.1 400 ") || !strings.Contains(string(got), `"code":"upload_incomplete"`) {
			t.Errorf("cut at %d: %v\n%s", at, err, got)
		}
		// A form that is whole by its length, and yet is not.
		b.do("POST", "/api/videos", editor, bytes.NewReader(body[:at]), "Content-Type", kind).refused(t, 400, models.CodeUploadIncomplete)
	}
	if n := b.files(); n != 0 || b.count("acme") != 0 {
		t.Errorf("%d files were left", n)
	}
}

func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	send := func(content string) (d models.Document, replayed string) {
		body, kind := makeForm(t, field{"file", "x.mp4", video(content)})
		a := b.do("POST", "/api/videos", token(t, "acme", models.RoleEditor), bytes.NewReader(body), "Content-Type", kind, "Idempotency-Key", "the key")
		a.into(t, http.StatusAccepted, &d)
		return d, a.Header.Get("Idempotent-Replayed")
	}
	first, replayed := send("one")
	if replayed != "" {
		t.Error("the first was called a repetition")
	}
	again, replayed := send(strings.Repeat("another, longer one", 20_000))
	if again.ID != first.ID || again.SHA256 != first.SHA256 || replayed != "true" {
		t.Errorf("the repetition is %+v, %q", again, replayed)
	}
	if b.files() != 1 || b.count("acme") != 1 || len(b.queue.all) != 1 {
		t.Error("the repetition made something")
	}
}

func TestHostileFileNames(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	editor := token(t, "acme", models.RoleEditor)
	for given, want := range map[string]string{
		"../../etc/passwd":                   "passwd",
		"/absolute.mp4":                      "absolute.mp4",
		`..\\..\\windows.mp4`:                "windows.mp4",
		`a\"b'; attachment; x=\".mp4`:        `a"b'; attachment; x=".mp4`,
		"http:evil.mp4":                      "http:evil.mp4",
		"nul\x00byte.mp4":                    "",
		strings.Repeat("l", 10_000) + ".mp4": strings.Repeat("l", 251) + ".mp4",
		"<script>alert(1)</script>.mp4":      "script>.mp4",
		"ünï中🎬.mp4":                          "ünï中🎬.mp4",
		"%2e%2e%2fx.mp4":                     "%2e%2e%2fx.mp4",
		"-i.mp4":                             "-i.mp4",
		"..":                                 "video",
		"\xff\xfe.mp4":                       ".mp4",
	} {
		a := b.upload(editor, field{"file", given, video("0123456789")})
		if a.StatusCode == http.StatusBadRequest && want == "" {
			continue // a header that cannot be read is refused
		}
		var d models.Document
		a.into(t, http.StatusAccepted, &d)
		if want != "" && d.FileName != want {
			t.Errorf("%.40q is kept as %.40q", given, d.FileName)
		}
		m := b.do("GET", d.Media, "", nil)
		disposition := m.Header.Get("Content-Disposition")
		if m.StatusCode != 200 || !strings.HasPrefix(disposition, "inline") || strings.ContainsAny(disposition, "\r\n\x00") || strings.Contains(disposition, "etc/") {
			t.Errorf("%.40q is served with %d %q", given, m.StatusCode, disposition)
		}
	}
	err := filepath.WalkDir(b.blobs, func(path string, _ os.DirEntry, err error) error {
		if strings.Contains(path, "evil") || strings.Contains(path, "passwd") || strings.Contains(path, "clip") {
			t.Errorf("the file is kept at %s", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// A client that asked first and was told to go on hears why its body is not
// wanted after all, though it is still sending.
func TestRefusalReachesWhoAskedFirst(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.library.MaxUpload = 64 << 20
	body, kind := makeForm(t, field{"file", "notes.mp4", strings.Repeat("no video at all ", 12<<20/16)})
	client := &http.Client{Transport: &http.Transport{ExpectContinueTimeout: time.Minute}}
	defer client.CloseIdleConnections()
	for range 5 {
		r, err := http.NewRequest(http.MethodPost, b.URL+"/api/videos", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token(t, "acme", models.RoleEditor))
		r.Header.Set("Content-Type", kind)
		r.Header.Set("Expect", "100-continue")
		answer, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusUnsupportedMediaType {
			t.Error(answer.Status)
		}
	}
}
