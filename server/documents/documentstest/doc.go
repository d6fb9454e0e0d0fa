// Package documentstest holds a running server to the documents that it serves:
// whatever it answers or sends must be declared there, field by field.
package documentstest
