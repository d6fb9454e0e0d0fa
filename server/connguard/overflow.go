package connguard

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
)

// serveOverflow answers a request on a connection that there is no room for, and
// closes the connection at once: net/http would wait for the body, and then for
// the client to close. Only probes are answered by h.
func (g *Guard) serveOverflow(w http.ResponseWriter, r *http.Request, c *Conn, h http.Handler) {
	answer := []byte(nil)
	if g.probes[r.URL.Path] && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
		out := &memory{header: http.Header{}}
		r.Body = http.NoBody
		h.ServeHTTP(out, r)
		answer = out.answer(r.Method != http.MethodHead)
	} else {
		answer = g.answer(c.refused)
	}
	if _, _, err := http.NewResponseController(w).Hijack(); err != nil {
		panic(http.ErrAbortHandler)
	}
	c.refuse(answer)
}

// memory is a small answer that is not sent yet.
type memory struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (m *memory) Header() http.Header { return m.header }

func (m *memory) WriteHeader(status int) {
	if m.status == 0 && status >= 200 {
		m.status = status
	}
}

func (m *memory) Write(p []byte) (int, error) {
	m.WriteHeader(http.StatusOK)
	return m.body.Write(p)
}

// answer is the whole HTTP response, after which the connection is closed.
func (m *memory) answer(withBody bool) []byte {
	m.WriteHeader(http.StatusOK)
	m.header.Set("Connection", "close")
	m.header.Set("Content-Length", strconv.Itoa(m.body.Len()))
	var b bytes.Buffer
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\n", m.status, http.StatusText(m.status))
	_ = m.header.Write(&b) // to memory
	b.WriteString("\r\n")
	if withBody {
		b.Write(m.body.Bytes())
	}
	return b.Bytes()
}
