// Package redislog keeps the event log of every organization on Redis 7 (a
// server, a Cluster, or miniredis in process).
//
// Keys of an organization share one hash tag, so that one script may use them:
//
//	reelroom:{org}:head       hash: epoch, seq, run, oldest; never expires
//	reelroom:{org}:log        stream: entry <seq>-0 holds t (ms) and e (the event)
//	reelroom:{org}:video:ID   hash: rev and place of the last transition, last progress, end of a life before
//	reelroom:{org}:id:HASH    place of the event with that idempotency id
//	reelroom:{org}:session:HASH  what a socket was, for the client that takes it up again
//	reelroom:{org}:events     channel: <epoch>.<seq>, line feed, the event
//
// An epoch belongs to one run of one Redis process. A server that was
// restarted, or replaced by its replica, may have lost its last writes, and
// nobody can tell: so the log then begins a new epoch, and readers fetch the
// present state.
package redislog
