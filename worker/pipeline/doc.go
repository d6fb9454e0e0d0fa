// Package pipeline takes a video through its stages: it claims the record,
// runs what is unfinished, reports true progress, and ends with one outcome.
package pipeline
