// Package source reads what reflection cannot see in a Go package: the comments
// of its types and fields, and the constants of its string types.
package source
