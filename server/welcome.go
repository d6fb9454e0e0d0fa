package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"reelroom/worker/backend"
)

// welcome prints what is used, where the data is, the address, and how to sign
// in.
func welcome(out io.Writer, c *config, b *backend.Backend, tools string, d *doors) {
	worker := "off here (WORKER=off): start `go run ./worker`"
	if tools != "" {
		worker = fmt.Sprintf("in this process, %d at a time, with %s", c.Concurrency, tools)
	}
	fmt.Fprintf(out, `Reelroom
  records   %s
  queue     %s
  videos    %s
  worker    %s
  address   %s
  sign in   %s
`, b.StoreWords, b.RedisWords, b.BlobWords, worker, c.PublicURL, strings.Join(waysToSignIn(c, d), "\n            "))
}

// waysToSignIn lists them, a line each.
func waysToSignIn(c *config, d *doors) []string {
	var ways []string
	if link := d.local.String(); link != "" {
		ways = append(ways,
			"without an account, on this machine: "+link,
			"  the link is good for one use; then the next one is in "+filepath.Join(c.DataDir, localLinkFile))
	}
	switch {
	case d.setupCode != "":
		ways = append(ways, "with an organization: open the address; the setup code is "+d.setupCode)
	case c.Accounts == "on":
		ways = append(ways, "with an account: open the address")
	}
	if c.JWTSecret != "" {
		ways = append(ways, "with a token: go run ./server/harness token")
	}
	if c.JWKSURL != "" {
		ways = append(ways, "with tokens of your issuer")
	}
	return ways
}
