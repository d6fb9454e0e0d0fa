// Package siotest is a fake Socket.IO server for tests: each connection is a
// script of raw packets.
package siotest
