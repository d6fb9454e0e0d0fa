package testenv

import (
	"bytes"
	"io"
	"sync"
	"testing"
)

// secrets are what no log may hold: the head of every JWT, and what stands
// before a token, a ticket or a signature in an address.
var secrets = []string{"eyJ", "token=", "ticket=", "signature="}

// Secret returns the first part of text that tells of a token, a ticket or a
// signature, with what stands around it; "" when there is none.
func Secret(text []byte) string {
	const around = 200
	for _, s := range secrets {
		if i := bytes.Index(text, []byte(s)); i >= 0 {
			return string(text[max(0, i-around):min(len(text), i+around)])
		}
	}
	return ""
}

// Log is a writer for what a server logs. A test whose server lets a token, a
// ticket or a signature through fails at its end, whatever it was a test of.
type Log struct {
	to io.Writer

	mu    sync.Mutex
	tail  []byte // of what was written, so that no piece hides between two writes
	bytes int64
	found []string
}

// maxFound bounds what is shown.
const maxFound = 3

// NewLog passes on to the given writer; nil for none. Without a test, who made
// it asks [Log.Found].
func NewLog(t testing.TB, to io.Writer) *Log {
	l := &Log{to: to}
	if t == nil {
		return l
	}
	t.Cleanup(func() {
		for _, found := range l.Found() {
			t.Errorf("a secret reached the log: …%s…", found)
		}
	})
	return l
}

// Write looks at a part of the log.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.bytes += int64(len(p))
	seen := append(l.tail, p...)
	if found := Secret(seen); found != "" && len(l.found) < maxFound {
		l.found = append(l.found, found)
		seen = nil
	}
	const longest = len("signature=")
	l.tail = append([]byte(nil), seen[max(0, len(seen)-longest):]...)
	if l.to != nil {
		return l.to.Write(p)
	}
	return len(p), nil
}

// Found returns what should not have been logged.
func (l *Log) Found() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.found...)
}

// Bytes tells how much was logged.
func (l *Log) Bytes() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.bytes
}
