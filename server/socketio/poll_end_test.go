//go:build !stock

package socketio

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// A poll that arrives while its connection closes is answered, whichever of the
// two comes first.
func TestPollOfAClosingConnectionIsAnswered(t *testing.T) {
	t.Parallel()
	s := startServer(t, nil)
	for range 400 {
		c := connectPoll(t, s, "a:u:admin")
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		var both sync.WaitGroup
		for method, body := range map[string]string{http.MethodGet: "", http.MethodPost: "1"} {
			both.Go(func() {
				r, err := http.NewRequestWithContext(ctx, method, c.url, strings.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				r.Header.Set("Content-Type", "text/plain;charset=UTF-8")
				answer, err := httpClient.Do(r)
				if err != nil {
					t.Errorf("%s was not answered: %v", method, err)
					return
				}
				_, _ = io.Copy(io.Discard, answer.Body)
				answer.Body.Close()
			})
		}
		both.Wait()
		cancel()
		if t.Failed() {
			return
		}
	}
}

// A poll that is sent again by its name was answered to nobody: the session
// ends, so that its client resumes and misses nothing.
func TestRepeatedPollEndsTheSession(t *testing.T) {
	t.Parallel()
	s := startServer(t, nil)
	c := connectPoll(t, s, "a:u:admin")
	poll := func(name string) int {
		answer, err := httpClient.Get(c.url + "&t=" + name)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		_, _ = io.Copy(io.Discard, answer.Body)
		return answer.StatusCode
	}
	post := func() { // the answer to the next poll
		answer, err := httpClient.Post(c.url, "text/plain;charset=UTF-8", strings.NewReader(`420["video:subscribe","none"]`))
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
	}
	for _, name := range []string{"a", "b", "", ""} {
		post()
		if got := poll(name); got != http.StatusOK {
			t.Fatalf("the poll %q was answered with %d", name, got)
		}
	}
	post()
	if got := poll("c"); got != http.StatusOK {
		t.Fatal(got)
	}
	post()
	if got := poll("c"); got != http.StatusBadRequest {
		t.Errorf("a poll that came twice was answered with %d", got)
	}
	if got := poll("d"); got != http.StatusBadRequest {
		t.Errorf("its session goes on: %d", got)
	}
}
