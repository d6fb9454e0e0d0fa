package roomstest

import (
	"testing"
	"time"

	"reelroom/rooms"
)

// Limits are what a log under test is opened with; zero means its default.
type Limits struct {
	MaxEvents int
	Retention time.Duration
}

// Backend is a log that was opened for one test and ends with it.
type Backend struct {
	// Log returns another client of the log.
	Log func() rooms.Log
	// Forget loses everything that the log holds.
	Forget func()
	// Cut breaks every connection, and loses nothing that was appended.
	Cut func()
}

// Open opens an empty log for a test.
type Open func(t *testing.T, limits Limits) Backend

// TestLog runs the suite of [rooms.Log].
func TestLog(t *testing.T, open Open) {
	for _, c := range []struct {
		name string
		test func(*testing.T, Open)
	}{
		{"places", testPlaces},
		{"round trip", testRoundTrip},
		{"refused", testRefused},
		{"contiguous", testContiguous},
		{"transitions once", testTransitionsOnce},
		{"lives", testLives},
		{"places in the queue", testPlacesInQueue},
		{"ids once", testIDsOnce},
		{"places of ids", testPlaceOfIDs},
		{"progress", testProgress},
		{"bounded by count", testBoundedByCount},
		{"bounded by age", testBoundedByAge},
		{"reset", testReset},
		{"follow in order", testFollowInOrder},
		{"follow a log that was lost", testFollowForget},
		{"follow over cuts", testFollowCut},
		{"follow slowly", testFollowSlowly},
		{"tenants", testTenants},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.test(t, open)
		})
	}
}
