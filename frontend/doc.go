// Package frontend holds the page: its sources, and as built files the page
// itself, so that a machine with only Go serves it. Only server imports it.
package frontend
