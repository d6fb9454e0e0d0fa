package main

import "testing"

func TestBenchUsage(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--runs", "0"}, {"--duration", "1ms"}, {"--scale", "0"}, {"--scale", "9"}, {"--pad", "-1"},
		{"--scenario", "none"}, {"--peer", "none"}, {"--server", "/no/such/file"}} {
		harness(t.Context(), append([]string{"bench"}, args...)...).want(t, 2, "", "usage: …")
	}
}
