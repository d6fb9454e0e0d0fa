package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reelroom/models"
	"reelroom/server/harness/sio/siotest"
)

func files(t *testing.T, names ...string) (paths []string) {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(strings.Repeat(name, 100_000)), 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return paths
}

func TestUpload(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	path := files(t, "a.mp4")[0]
	f.harness(t.Context(), "upload", path, "--title", "Mine").want(t, 0,
		"video-a.mp4  queued  "+path+"\n", "a.mp4: uploading 500000 bytes\n")
	if f.uploads["a.mp4"] != strings.Repeat("a.mp4", 100_000) || f.titles["a.mp4"] != "Mine" {
		t.Errorf("%d bytes, title %q", len(f.uploads["a.mp4"]), f.titles["a.mp4"])
	}
	if who := f.roles["POST /api/videos"]; who != "local/admin/admin" {
		t.Error(who)
	}
}

func TestUploadFailures(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.refuse = func(name string) *problem {
		if name == "bad.mp4" {
			return &problem{Status: 415, Code: models.CodeUnsupportedMedia, Detail: "This is not a video."}
		}
		return nil
	}
	paths := append(files(t, "bad.mp4", "good.mp4"), "/nowhere/none.mp4", t.TempDir())
	f.harness(t.Context(), append([]string{"upload", "--parallel", "1"}, paths...)...).want(t, 1,
		"video-good.mp4  queued  "+paths[1]+"\n", "…3 of 4 failed\n")
	f.harness(t.Context(), "upload", paths[0]).want(t, 1, "", "…"+paths[0]+": unsupported_media: This is not a video.\n")
	f.harness(t.Context(), "upload", paths[2]).want(t, 1, "", paths[2]+": file: cannot be opened: no such file or directory\n")
	f.harness(t.Context(), "upload", paths[3]).want(t, 1, "", paths[3]+": file: is not a file\n")

	r := f.harness(t.Context(), "upload", "--json", paths[0])
	var line uploaded
	if err := json.Unmarshal([]byte(r.out), &line); err != nil || r.code != 1 || r.err != "" ||
		line.Outcome != "error" || line.Code != models.CodeUnsupportedMedia || line.File != paths[0] {
		t.Errorf("%+v %+v %v", r, line, err)
	}
}

func TestUploadWithoutServerOrToken(t *testing.T) {
	t.Parallel()
	path := files(t, "a.mp4")[0]
	r := harness(t.Context(), "upload", path, "--url", "http://127.0.0.1:1", "--secret", testSecret)
	r.want(t, 1, "", "…unreachable: no server answers at http://127.0.0.1:1\n  start it with `go run ./server`…")
	r = harness(t.Context(), "upload", path, "--url", newFake(t).url, "--token", "nonsense")
	r.want(t, 1, "", "…token_invalid: Invalid token\n  make a token with `go run ./server/harness token`…")
}

// works answers each subscription with a snapshot and then plays the packets
// of that video; X stands for its id.
func works(play map[string][]string) func(*siotest.Conn) {
	return func(c *siotest.Conn) {
		c.Accept("p")
		for {
			packet := c.Read()
			if packet == "41" {
				return
			}
			_, id, _ := strings.Cut(packet, `["video:subscribe","`)
			id, _, found := strings.Cut(id, `"]`)
			if !found {
				continue // video:unsubscribe
			}
			for i, s := range play[id] {
				if i == 0 {
					c.Ack(packet, s)
					continue
				}
				c.Send(strings.ReplaceAll(s, "X", id))
			}
		}
	}
}

var played = map[string][]string{
	"video-good.mp4": {
		`[{"ok":true,"video":{"id":"video-good.mp4","title":"Good","status":"queued","progress":0},"cursor":"e.1"}]`,
		`42["video:progress",{"videoId":"X","status":"processing","stage":"metadata","progress":10,"message":"Reading metadata","seq":2},"e.2"]`,
		`42["video:progress",{"videoId":"X","status":"processing","stage":"metadata","progress":20,"message":"Reading metadata","seq":3},"e.3"]`,
		`42["video:progress",{"videoId":"someone else's","status":"processing","stage":"thumbnail","progress":99,"seq":4},"e.4"]`,
		`42["video:processed",{"videoId":"X","status":"completed","progress":100,"metadata":{"durationSeconds":12.34,"video":{"codec":"h264","width":1280,"height":720}},"sensitivity":{"verdict":"safe"},"warnings":[{"code":"w","message":"no audio"}],"seq":5},"e.5"]`,
	},
	"video-bad.mp4": {
		`[{"ok":true,"video":{"id":"video-bad.mp4","title":"Bad","status":"queued","progress":0},"cursor":"e.1"}]`,
		`42["video:failed",{"videoId":"X","status":"failed","error":"The file is damaged.","code":"corrupt","stage":"metadata","seq":6},"e.6"]`,
	},
	"video-done.mp4": {
		`[{"ok":true,"video":{"id":"video-done.mp4","status":"cancelled","progress":10},"cursor":"e.7"}]`,
	},
	"video-full.mp4": {
		`[{"ok":false,"error":{"code":"rate_limited","message":"Too many subscriptions."}}]`,
	},
}

func TestUploadWatch(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.script = works(played)
	f.documents["video-full.mp4"] = document("video-full.mp4", models.StatusCompleted)
	paths := files(t, "good.mp4", "bad.mp4", "done.mp4", "full.mp4")
	f.harness(t.Context(), "upload", "--watch", paths[0]).want(t, 0,
		"video-good.mp4  completed: safe; 1280×720 h264, 12.3 s; warning: no audio  "+paths[0]+"\n",
		"good.mp4: uploading 800000 bytes\ngood.mp4: uploaded as video-good.mp4\ngood.mp4: Reading metadata\n")
	f.harness(t.Context(), "upload", "--watch", paths[1]).want(t, 1,
		"video-bad.mp4  failed: corrupt: The file is damaged.  "+paths[1]+"\n", "…")
	f.harness(t.Context(), "upload", "--watch", paths[2]).want(t, 1, "video-done.mp4  cancelled  "+paths[2]+"\n", "…")
	f.harness(t.Context(), "upload", "--watch", paths[3]).want(t, 0, "video-full.mp4  completed  "+paths[3]+"\n", "…")

	r := f.harness(t.Context(), append([]string{"upload", "--watch", "--json"}, paths...)...)
	outcomes := map[string]string{}
	for line := range strings.Lines(r.out) {
		var u uploaded
		if err := json.Unmarshal([]byte(line), &u); err != nil || u.Document == nil {
			t.Errorf("%s: %v", line, err)
		}
		outcomes[u.ID] = u.Outcome
	}
	if len(outcomes) != 4 || outcomes["video-good.mp4"] != "completed" || outcomes["video-bad.mp4"] != "failed" || r.code != 1 {
		t.Errorf("%v %+v", outcomes, r)
	}
}

// TestUploadWatchOverCuts: the state is asked for again after a cut, and an
// outcome that came meanwhile is in it.
func TestUploadWatchOverCuts(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.script = func(c *siotest.Conn) {
		c.Accept("p")
		packet := c.Read()
		if c.Number == 1 {
			c.Ack(packet, `[{"ok":true,"video":{"id":"video-a.mp4","status":"queued"},"cursor":"e.1"}]`)
			c.Drop()
			return
		}
		c.Ack(packet, `[{"ok":true,"video":{"id":"video-a.mp4","status":"completed"},"cursor":"e.2"}]`)
		c.Stay()
	}
	path := files(t, "a.mp4")[0]
	f.harness(t.Context(), "upload", "--watch", path).want(t, 0, "video-a.mp4  completed  "+path+"\n", "…connection lost (…")
}

func TestUploadBars(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.script = works(played)
	path := files(t, "good.mp4")[0]
	r := onScreen(t.Context(), 80, "--url", f.url, "--secret", testSecret, "upload", "--watch", path)
	r.want(t, 0, "video-good.mp4  completed: …", "…\x1b[J")
	for line := range strings.Lines(r.err) {
		if n := len([]rune(line[strings.LastIndex(line, "\x1b")+1:])); n > 82 {
			t.Errorf("%d columns: %q", n, line)
		}
	}
}

func TestUploadInterrupted(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	ctx, stop := context.WithCancel(t.Context())
	f.script = func(c *siotest.Conn) { c.Accept("p"); c.Read(); stop(); c.Stay() }
	path := files(t, "a.mp4")[0]
	f.harness(ctx, "upload", "--watch", path).want(t, 1, "video-a.mp4  uploaded, outcome unknown  "+path+"\n", "…interrupted: stopped before it was done\n")
	f.script = func(c *siotest.Conn) { c.Accept("p"); c.Stay() }
	f.harness(t.Context(), "upload", "--watch", "--timeout", "50ms", path).want(t, 1, "…", "…timeout: not done within 50ms\n")
}
