// Command documentsgen writes the documents that the server serves, OpenAPI of
// HTTP and AsyncAPI of the doors with events: shapes by reflection of the Go
// types that are really sent, words and constants from their source, entries
// from the tables here. With -check it writes nothing and fails when a committed
// file is out of date.
//
// A new entry of the API needs an operation in one of the files entries_*.go; a
// test fails until it has one.
package main
