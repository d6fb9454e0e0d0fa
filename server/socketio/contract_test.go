package socketio

import (
	"maps"
	"slices"
	"testing"
)

// What the documents say that clients may send is what the door takes.
func TestRequestsAreTheTable(t *testing.T) {
	t.Parallel()
	var told []string
	for _, r := range Requests() {
		told = append(told, r.Name)
	}
	slices.Sort(told)
	if taken := slices.Sorted(maps.Keys((&Door{}).table())); !slices.Equal(told, taken) {
		t.Errorf("the door takes %q, Requests lists %q", taken, told)
	}
}
