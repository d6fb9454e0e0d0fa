// Package queue brings tasks to workers over asynq, and reconciles the queue
// with the records: asynq carries the work, the record decides about it.
package queue
