package estimate

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func near(t *testing.T, what string, got, want, factor float64) {
	t.Helper()
	if !(got < want*factor && got > want/factor) {
		t.Errorf("%s: %.3f, want %.3f within a factor of %.2f", what, got, want, factor)
	}
}

// quantiles of n drawn values.
func quantiles(n int, draw func(*rand.Rand) float64) (median, high float64) {
	r := rand.New(rand.NewPCG(1, 2))
	var drawn []float64
	for len(drawn) < n {
		if x := draw(r); x >= 0 {
			drawn = append(drawn, x)
		}
	}
	slices.Sort(drawn)
	return drawn[n/2], drawn[n*9/10]
}

// The sum has the quantiles that drawing many gives.
func TestSumIsTheSum(t *testing.T) {
	t.Parallel()
	for _, parts := range [][]spread{
		{{0, 0.5}}, {{1, 0.01}, {2, 0.01}}, {{0, 0.5}, {0, 0.5}}, {{0, 0.8}, {2, 0.3}, {-3, 1}}, {{1, 0.6}, {1, 0.6}, {1, 0.6}, {1, 0.6}},
	} {
		median, high := quantiles(40_000, func(r *rand.Rand) (total float64) {
			common := r.NormFloat64()
			for _, p := range parts {
				total += math.Exp(p.mu + p.sigma*(math.Sqrt(alike)*common+math.Sqrt(1-alike)*r.NormFloat64()))
			}
			return total
		})
		s := sum(parts...)
		near(t, "median", s.median(), median, 1.06)
		near(t, "high", s.high(), high, 1.06)
	}
}

// Who has waited longer than expected is told what drawing many gives.
func TestLongerIsConditional(t *testing.T) {
	t.Parallel()
	s := spread{2, 0.5}
	for _, elapsed := range []float64{0, 1, 5, 10, 20} {
		median, high := quantiles(20_000, func(r *rand.Rand) float64 { return math.Exp(s.mu+s.sigma*r.NormFloat64()) - elapsed })
		got := longer(s, elapsed)
		near(t, "median", got.median(), median, 1.1)
		near(t, "high", got.high(), high, 1.1)
	}
	for _, elapsed := range []float64{100, 1e6} {
		if got := longer(s, elapsed); math.Abs(got.median()/elapsed-1) > 0.01 || got.high() < 5*elapsed {
			t.Errorf("after %v s: %v, %v", elapsed, got.median(), got.high())
		}
	}
}

// At an even rate that was expected, or a better one, what is left falls all the
// time; it comes near the truth whatever was expected; before the work shows,
// it is the expectation.
func TestLeftFalls(t *testing.T) {
	t.Parallel()
	for _, total := range []float64{1, 10, 100} { // 10 was expected
		expected, last := spread{math.Log(10), 0.6}, math.Inf(1)
		for percent := 2; percent < 100; percent++ {
			fraction := float64(percent) / 100
			s := left(expected, 0, total*fraction, fraction)
			if s.median() > last && total < 100 || s.high() <= s.median() || s.median() <= 0 {
				t.Errorf("%d %% of %v s: %.2f to %.2f s are left, after %.2f", percent, total, s.median(), s.high(), last)
			}
			last = s.median()
			if percent == 50 || percent == 90 {
				near(t, "in the middle", s.median(), total*(1-fraction), map[int]float64{50: 1.8, 90: 1.3}[percent])
			}
		}
	}
	if s := left(spread{0, 0.5}, 0, 0, 0); s != (spread{0, 0.5}) {
		t.Errorf("at the beginning: %v", s)
	}
}

// The time that a tool takes to start is not taken for slow work.
func TestStartIsNoWork(t *testing.T) {
	t.Parallel()
	const start, work = 4.0, 6.0
	for _, fraction := range []float64{0.1, 0.25, 0.5, 0.9} {
		s := left(spread{math.Log(start + work), 0.6}, start/(start+work), start+work*fraction, fraction)
		near(t, "what is left", s.median(), work*(1-fraction), 1.05)
	}
}
