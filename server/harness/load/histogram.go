package load

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// The resolution of a [Histogram]: an octave of microseconds has perOctave
// buckets, so that a quantile is at most 1/perOctave too large.
const (
	octaveBits = 5
	perOctave  = 1 << octaveBits
	octaves    = 32
)

// Histogram counts durations from a microsecond to more than an hour. Its
// methods may be called at once.
type Histogram struct {
	buckets [octaves * perOctave]atomic.Uint64
	largest atomic.Int64
}

// Add counts one duration; a negative one counts as none.
func (h *Histogram) Add(d time.Duration) {
	d = max(d, 0)
	h.buckets[bucketOf(uint64(d/time.Microsecond))].Add(1)
	for {
		seen := h.largest.Load()
		if int64(d) <= seen || h.largest.CompareAndSwap(seen, int64(d)) {
			return
		}
	}
}

// bucketOf numbers the buckets: those below perOctave are exact, each octave
// above has perOctave of them.
func bucketOf(micros uint64) int {
	octave := max(bits.Len64(micros)-octaveBits-1, 0)
	return min(octave*perOctave+int(micros>>octave), octaves*perOctave-1)
}

// upper is the largest number of microseconds that falls into a bucket.
func upper(bucket int) uint64 {
	octave := max(bucket/perOctave-1, 0)
	return (uint64(bucket-octave*perOctave)+1)<<octave - 1
}

// Quantiles are times in milliseconds; zeros when nothing was counted.
type Quantiles struct {
	Count uint64  `json:"count"`
	P50   float64 `json:"p50Ms"`
	P90   float64 `json:"p90Ms"`
	P99   float64 `json:"p99Ms"`
	Max   float64 `json:"maxMs"`
}

// Quantiles returns the nearest ranks. Only the largest is exact; the others
// are at most 1/32 too large.
func (h *Histogram) Quantiles() Quantiles {
	var q Quantiles
	var counts [octaves * perOctave]uint64
	for i := range h.buckets {
		counts[i] = h.buckets[i].Load()
		q.Count += counts[i]
	}
	q.Max = milliseconds(time.Duration(h.largest.Load()))
	for _, want := range []struct {
		percent uint64
		into    *float64
	}{{50, &q.P50}, {90, &q.P90}, {99, &q.P99}} {
		rank, seen := (q.Count*want.percent+99)/100, uint64(0)
		for i := 0; rank > 0 && i < len(counts); i++ {
			if seen += counts[i]; seen >= rank {
				*want.into = min(milliseconds(time.Duration(upper(i))*time.Microsecond), q.Max)
				break
			}
		}
	}
	return q
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
