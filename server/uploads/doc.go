// Package uploads is the door for files that come in several requests: tus 1.0,
// by tusd's handler, on a folder of its own. A file that is whole goes through
// the library like any other, under an id that the upload had from the start.
package uploads
