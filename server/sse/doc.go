// Package sse serves events over plain HTTP: Server-Sent Events (WHATWG HTML,
// section 9.2) of a job and of an organization, and the long poll that stands at
// the same address. All of them read [stream.Stream], so they show what the
// other doors show, under the same cursors.
package sse
