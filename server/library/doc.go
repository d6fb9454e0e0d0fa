// Package library is what a member may do with the videos of the own
// organization. Every door calls it, so that each asks for the same right, has
// the same limits and gives the same answer.
package library
