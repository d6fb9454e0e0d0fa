// Package documents holds what describes the server to programs: OpenAPI of
// HTTP, and AsyncAPI of the doors with events. Both are generated from the code.
package documents
