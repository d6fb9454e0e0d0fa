package load

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestTally(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name                    string
		numbers, seqs           []uint64
		sent                    uint64
		lost, doubles, disorder uint64
	}{
		{"nothing", nil, nil, 3, 3, 0, 0},
		{"all", []uint64{1, 2, 3}, []uint64{7, 9, 10}, 3, 0, 0, 0},
		{"a gap", []uint64{1, 3}, []uint64{7, 9}, 3, 1, 0, 0},
		{"the end is missing", []uint64{1, 2}, nil, 4, 2, 0, 0},
		{"the beginning is missing", []uint64{3}, nil, 3, 2, 0, 0},
		{"a double", []uint64{1, 2, 2, 3}, []uint64{1, 2, 2, 3}, 3, 0, 1, 0},
		{"two exchanged", []uint64{1, 3, 2}, nil, 3, 0, 0, 1},
		{"exchanged on the way to the server", []uint64{1, 3, 2}, []uint64{5, 6, 7}, 3, 0, 0, 0},
		{"exchanged by the server", []uint64{1, 2, 3}, []uint64{5, 7, 6}, 3, 0, 0, 1},
		{"a replay that begins too early", []uint64{1, 2, 3, 2, 3, 4}, []uint64{1, 2, 3, 2, 3, 4}, 4, 0, 2, 0},
		{"more than were counted as sent", []uint64{1, 2, 3}, nil, 2, 0, 0, 0},
	} {
		var got Tally
		for i, n := range test.numbers {
			seq := uint64(0)
			if test.seqs != nil {
				seq = test.seqs[i]
			}
			got.Add(n, seq)
		}
		if l := got.Lost(test.sent); l != test.lost || got.Doubles != test.doubles || got.Disorder != test.disorder ||
			got.Received != uint64(len(test.numbers)) || got.Complete(test.sent) != (test.lost == 0) {
			t.Errorf("%s: lost %d, %+v", test.name, l, got)
		}
	}
}

// Whatever is left out, doubled or exchanged is counted, neither more nor less.
func TestTallyCountsWhatWasDone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		sent := rapid.IntRange(1, 200).Draw(t, "sent")
		times := rapid.SliceOfN(rapid.IntRange(0, 3), sent, sent).Draw(t, "times")
		var numbers []uint64
		lost, doubles := uint64(0), uint64(0)
		for i, n := range times {
			for range n {
				numbers = append(numbers, uint64(i+1))
			}
			if n == 0 {
				lost++
			} else {
				doubles += uint64(n - 1)
			}
		}
		ordered := rapid.Bool().Draw(t, "ordered")
		if !ordered {
			numbers = rapid.Permutation(numbers).Draw(t, "numbers")
		}
		var got Tally
		var highest, disorder uint64
		var seen []uint64
		for _, n := range numbers {
			got.Add(n, 0)
			if n < highest && !slices.Contains(seen, n) {
				disorder++
			}
			highest, seen = max(highest, n), append(seen, n)
		}
		if got.Lost(uint64(sent)) != lost || got.Doubles != doubles || got.Disorder != disorder {
			t.Errorf("%v: lost %d of %d, %+v; want %d, %d, %d", numbers, got.Lost(uint64(sent)), sent, got, lost, doubles, disorder)
		}
	})
}

func TestHistogram(t *testing.T) {
	t.Parallel()
	var h Histogram
	if q := h.Quantiles(); q != (Quantiles{}) {
		t.Errorf("empty: %+v", q)
	}
	for i := 1; i <= 1000; i++ {
		h.Add(time.Duration(i) * time.Millisecond)
	}
	q := h.Quantiles()
	for _, c := range []struct{ got, want float64 }{{q.P50, 500}, {q.P90, 900}, {q.P99, 990}} {
		if c.got < c.want || c.got > c.want*(1+1.0/perOctave) {
			t.Errorf("%v, want %v: %+v", c.got, c.want, q)
		}
	}
	if q.Count != 1000 || q.Max != 1000 {
		t.Errorf("%+v", q)
	}
	h.Add(-time.Second)
	h.Add(100 * time.Hour)
	if q := h.Quantiles(); q.Count != 1002 || q.Max != 3.6e8 {
		t.Errorf("extremes: %+v", q)
	}
}

// A bucket's upper end lies in it, and the next number in the next one.
func TestHistogramBuckets(t *testing.T) {
	t.Parallel()
	for i := range octaves*perOctave - 1 {
		if bucketOf(upper(i)) != i || bucketOf(upper(i)+1) != i+1 {
			t.Fatalf("bucket %d ends at %d, which is in %d; the next is in %d", i, upper(i), bucketOf(upper(i)), bucketOf(upper(i)+1))
		}
	}
}
