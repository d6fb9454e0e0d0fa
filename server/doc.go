// Command server is Reelroom: the API, the page, the Socket.IO door and, unless
// WORKER=off, the worker, in one process.
package main
