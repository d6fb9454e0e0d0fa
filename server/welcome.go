package main

import (
	"fmt"
	"io"

	"reelroom/worker/backend"
)

// welcome tells, in plain words, what is used, where the data is, the address,
// and how to get in; setupCode is "" where somebody has an account.
func welcome(out io.Writer, c *config, b *backend.Backend, tools, setupCode string) {
	worker := "off here (WORKER=off): start `go run ./worker`"
	if tools != "" {
		worker = fmt.Sprintf("in this process, %d at a time, with %s", c.Concurrency, tools)
	}
	signIn := "with tokens of your issuer"
	if c.local {
		signIn = "open the address and choose “Continue as the local admin”,\n            or get a token: go run ./server/harness token"
	} else if c.JWTSecret != "" {
		signIn = "with HS256 tokens signed by JWT_SECRET: go run ./server/harness token"
	}
	switch {
	case setupCode != "" && c.local:
		signIn = "open the address: make your organization there, or go on without an account;\n            from another machine that takes the setup code " + setupCode + ";\n            or get a token: go run ./server/harness token"
	case setupCode != "":
		signIn += ";\n            or open the address and make an organization: setup code " + setupCode
	case c.Accounts == "on":
		signIn = "with an account: open the address"
	}
	fmt.Fprintf(out, `Reelroom
  records   %s
  queue     %s
  videos    %s
  worker    %s
  address   %s
  sign in   %s
`, b.StoreWords, b.RedisWords, b.BlobWords, worker, c.PublicURL, signIn)
}
