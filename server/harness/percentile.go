package main

import (
	"slices"
	"time"
)

// percentiles returns the median, the 99th percentile (nearest rank) and the
// largest of the samples, which it sorts; zeros when there are none.
func percentiles(samples []time.Duration) (p50, p99, largest time.Duration) {
	if len(samples) == 0 {
		return 0, 0, 0
	}
	slices.Sort(samples)
	rank := func(percent int) time.Duration { return samples[(len(samples)*percent+99)/100-1] }
	return rank(50), rank(99), samples[len(samples)-1]
}
