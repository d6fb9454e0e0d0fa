// Command worker runs the pipeline alone: it takes tasks from Redis and works
// on the videos in MongoDB, beside any number of servers and other workers.
package main
