package main

// tags group the operations.
var tags = []struct{ name, words string }{
	{"Videos", "The library of the organization: upload, list, change."},
	{"Uploads", "Files that come in several requests, by the protocol tus 1.0 (https://tus.io): any tus client goes on where it was cut."},
	{"Batches", "Many files in one request, watched and ended as one. The fields are in snake_case, as clients of such batches have them."},
	{"Files", "What a page shows and plays. Documents carry signed, expiring URLs of these, so that an `<img>` or a `<video>` needs no token."},
	{"Events", "Publishing from outside, and what happens in the organization for those who hear it over HTTP."},
	{"Organization", "The policy, the audit trail, the members."},
	{"Identity", "Who asks, and the end of tokens."},
	{"Server", "Whether it is there, and what describes it."},
}

// httpWords introduce the OpenAPI document.
var httpWords = []string{
	"Every call but the open ones carries a JSON Web Token as `Authorization: Bearer`. The token names the organization: no call reaches another's, and an id of another organization is answered exactly as one that does not exist.",
	"JSON is camelCase, times are RFC 3339 in UTC, lists are `{data, nextCursor}` and take `limit` and `after`. A `GET` answers with an `ETag` and honours `If-None-Match`. Fields, entries and codes may be added, never renamed: a client passes over what it does not know.",
	"A refusal is a problem (RFC 9457, `application/problem+json`) with a `code` for programs and a `requestId` that finds the request in the log. A path or a method that is not there is answered with `not_found` (404) or `method_not_allowed` (405). Every answer carries `X-Request-Id`.",
	"Events over Socket.IO, WebSocket and SSE are in the AsyncAPI document at `/api/asyncapi.json`.",
}
