// Package limits says when somebody asks for too much: how many connections an
// organization, a user or an address holds, and how fast a user or an address
// comes with handshakes, bad tokens, messages, requests and uploads.
//
// All figures are those of one node. A refusal is a [models.Error] of the code
// rate_limited that says how long to wait; each limit counts its refusals. What
// is remembered is bounded: what is idle is forgotten, the oldest first.
package limits
