package models

// Policy says from which scores on an organization wants a video to be looked
// at. It is versioned: what was assessed under an older one is assessed again.
type Policy struct {
	// Version is 1 for [DefaultPolicy], and raised by each change.
	Version int `json:"version"`
	// ReviewAt and FlagAt are the explicit scores, 0 to 1, from which a video is
	// for a person to look at, and flagged. ReviewAt is at most FlagAt.
	ReviewAt float64 `json:"reviewAt"`
	FlagAt   float64 `json:"flagAt"`
	// SuggestiveAt is from when a span is shown as suggestive; it decides
	// nothing.
	SuggestiveAt float64 `json:"suggestiveAt"`
	// MinimumRun is how many frames in a row must show it: 1 to [MaxRun].
	MinimumRun int `json:"minimumRun"`
}

// MaxRun bounds [Policy.MinimumRun].
const MaxRun = 10

// DefaultPolicy is an organization's until it chooses another. On 182 harmless
// pictures two single ones stood above 0.6, hence the second frame, and a
// person's look between the two thresholds.
func DefaultPolicy() Policy {
	return Policy{Version: 1, ReviewAt: 0.6, FlagAt: 0.85, SuggestiveAt: 0.8, MinimumRun: 2}
}
