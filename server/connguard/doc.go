// Package connguard bounds what a connection may cost. Its listener counts the
// open connections, by address and in all, against the limits and against the
// number of files that the process may have open. Its handler stands around all
// others: it bounds what a request may send and how long that may take until a
// token was verified ([Verified]), and how long its client may leave an answer
// unread.
//
// A connection that there is no room for is refused at once. A few of them are
// still read, so that probes such as GET /healthz are answered on a full server.
package connguard
