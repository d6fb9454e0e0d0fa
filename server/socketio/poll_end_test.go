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
