// Package queue brings work to workers, and reconciles the queue with the
// records, which decide. asynq carries permits, as many as there is work; a fair
// order on Redis beside it says which video each permit is for. Both are copies
// of what the records say, and are made again when they are lost.
package queue
