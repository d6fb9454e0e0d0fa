// The harness is the command line for people and scripts that try a Reelroom
// server from outside: it speaks only the wire.
//
//	go run ./server/harness token
//	go run ./server/harness upload --watch holiday.mp4
//	go run ./server/harness watch --video ID --until-outcome
//	go run ./server/harness watch --door sse
//	go run ./server/harness emit video:subscribe '"ID"'
//	go run ./server/harness publish video:progress '{"message":"step {{n}}"}' --video ID --count 500
//	go run ./server/harness load --sockets 1000 --rate 5
//	go run ./server/harness verify --clients 20 --cuts 200
//	go run ./server/harness bench --scenario paced
//
// It exits with 0 when it did what was asked, with 1 when that failed, and
// with 2 when it was asked wrongly. Results go to standard output, progress
// and errors to standard error; with --json both are JSON, one value a line.
package main
