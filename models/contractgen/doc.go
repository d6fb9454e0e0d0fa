// Command contractgen writes the TypeScript contract of the React package from
// the Go types that the server really sends: shapes by reflection, comments
// and constants from the source of models. With -check it writes nothing and
// fails when the committed file is out of date.
package main

//go:generate go run . -models .. -out ../../frontend/packages/react/src/contract.ts
