package testenv

import (
	"io"
	"testing"
)

// failing notes what a test would have been told.
type failing struct {
	testing.TB
	end    func()
	errors int
}

func (f *failing) Cleanup(end func())    { f.end = end }
func (f *failing) Errorf(string, ...any) { f.errors++ }

func TestLogFindsSecrets(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		writes []string
		found  int
	}{
		"clean":          {[]string{"request path=/api/videos status=200\n", "the token has expired\n"}, 0},
		"a token":        {[]string{"bad eyJhbGciOi\n"}, 1},
		"in two writes":  {[]string{"GET /ws?tok", "en=abc", "\n"}, 1},
		"byte by byte":   {[]string{"s", "i", "g", "n", "a", "t", "u", "r", "e", "="}, 1},
		"two of them":    {[]string{"?ticket=a\n", "?ticket=b\n"}, 2},
		"no more than 3": {[]string{"eyJ\n", "eyJ\n", "eyJ\n", "eyJ\n", "eyJ\n"}, 3},
	} {
		f := &failing{TB: t}
		l := NewLog(f, io.Discard)
		sent := 0
		for _, w := range c.writes {
			sent += len(w)
			if n, err := l.Write([]byte(w)); n != len(w) || err != nil {
				t.Errorf("%s: %d, %v", name, n, err)
			}
		}
		if f.end(); f.errors != c.found || l.Bytes() != int64(sent) {
			t.Errorf("%s: %d found in %d bytes, want %d in %d", name, f.errors, l.Bytes(), c.found, sent)
		}
	}
}
