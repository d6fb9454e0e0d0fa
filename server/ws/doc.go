// Package ws is the raw WebSocket door, for clients that watch one job and know
// neither Socket.IO nor rooms: GET /ws?jobId=&token=, and for those that watch
// a batch: GET /ws/batch/{id}?token=.
//
// It speaks to them in close codes, as a browser's WebSocket tells its page
// nothing about an HTTP answer. Only what is no WebSocket, or comes from the page
// of a foreign site, is refused over HTTP. The codes:
//
//	1000  the job has ended, and its outcome was told
//	1008  the client sends too much; 1009: a message of more than 64 KiB
//	1012  this server is stopping: come again, at once if you like
//	1013  a limit was reached, or a service does not answer: come again later
//	4001  job id or token are missing
//	4003  the token is bad, has expired (also in mid-stream) or was revoked
//	4400  the question cannot be understood
//	4404  there is no such job, or it is another organization's
//
// After 4001, 4003, 4400 and 4404 it makes no sense to come again with the same
// question.
package ws
