package auth

import (
	"net/http"
	"net/url"
	"strings"
)

// Cookies makes the cookies of one installation, by its PUBLIC_URL.
type Cookies string

// public is the address; an empty one where it cannot be read.
func (c Cookies) public() *url.URL {
	u, err := url.Parse(string(c))
	if err != nil {
		return &url.URL{}
	}
	return u
}

// Name is the cookie's name as browsers know it: over https with the prefix
// __Secure-, so that nobody who answers for the host over http can set it (RFC
// 6265bis, section 4.1.3.1).
func (c Cookies) Name(name string) string {
	if c.public().Scheme == "https" {
		return "__Secure-" + name
	}
	return name
}

// Of returns the request's cookies that [Cookies.New] may have made, by the names
// that it was given; those without the prefix are left out where it is needed.
func (c Cookies) Of(r *http.Request) []*http.Cookie {
	prefix := c.Name("")
	out := make([]*http.Cookie, 0, 4)
	for _, one := range r.Cookies() {
		if name, ok := strings.CutPrefix(one.Name, prefix); ok {
			one.Name = name
			out = append(out, one)
		}
	}
	return out
}

// New returns a cookie that no script reads, for an escaped path below PUBLIC_URL.
func (c Cookies) New(name, value, path string, site http.SameSite) *http.Cookie {
	public := c.public()
	return &http.Cookie{
		Name: c.Name(name), Value: value, Path: strings.TrimRight(public.EscapedPath(), "/") + path,
		HttpOnly: true, SameSite: site, Secure: public.Scheme == "https",
	}
}
