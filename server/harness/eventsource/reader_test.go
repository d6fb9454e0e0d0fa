package eventsource

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

func TestReader(t *testing.T) {
	t.Parallel()
	const text = ": hello\nretry: 1500\n\nid: a.1\r\ndata: {\"x\":1}\r\n\r\nevent: video:progress\ndata:one\ndata: two\nid\n\n" +
		"event: dropped\nid: a.2\n\ndata\n\nretry: soon\nignored: x\nid: a\x00b\ndata: : y\n\nid: a.9\ndata: cut off\n"
	r := NewReader(strings.NewReader(text), "a.0")
	var comments []string
	r.Comment = func(c string) { comments = append(comments, c) }
	var got []string
	for {
		e, err := r.Next()
		if err != nil {
			if err != io.EOF {
				t.Error(err)
			}
			break
		}
		got = append(got, fmt.Sprintf("%s %s %q", e.Name, e.ID, e.Data))
	}
	want := `message a.1 "{\"x\":1}"|video:progress  "one\ntwo"|message a.2 ""|message a.2 ": y"`
	if strings.Join(got, "|") != want || r.LastID != "a.2" || r.Retry != 1500*time.Millisecond || len(comments) != 1 || comments[0] != "hello" {
		t.Errorf("%s\nwant %s\nthen %q, %v, %q", strings.Join(got, "|"), want, r.LastID, r.Retry, comments)
	}
}

func FuzzReader(f *testing.F) {
	f.Add("id: 1\ndata: x\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		r := NewReader(strings.NewReader(text), "0")
		for range len(text) + 2 {
			if _, err := r.Next(); err != nil {
				return
			}
		}
		t.Error("more events than characters")
	})
}
