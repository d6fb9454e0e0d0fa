// Package api is the HTTP door: JSON and files in and out of the library, errors
// as RFC 9457 problems. It holds no rule about videos of its own.
package api
