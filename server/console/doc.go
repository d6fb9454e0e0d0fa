// Package console gathers what an organization's admins are shown of the running
// installation: its connections over all nodes, its work, its latency and
// limits. It has a folder of its own because it looks at every door and at the
// queue, which know nothing of each other.
package console
