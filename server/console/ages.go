package console

import (
	"math"
	"time"
)

// ages counts how old events were, in steps that grow by [stepFactor] from
// [firstStep]: some 15 % off at most. The last step has no end.
type ages [steps]uint32

const (
	steps      = 40
	stepFactor = 1.35
	firstStep  = 100 * time.Microsecond
)

// bounds are the ends of all steps but the last, in ms.
var bounds = func() (out [steps - 1]float64) {
	end := float64(firstStep) / float64(time.Millisecond)
	for i := range out {
		out[i] = end
		end *= stepFactor
	}
	return out
}()

// perStep turns a logarithm into steps.
var perStep = 1 / math.Log(stepFactor)

func stepOf(age time.Duration) int {
	if age <= firstStep {
		return 0
	}
	return min(1+int(math.Log(float64(age)/float64(firstStep))*perStep), steps-1)
}

func (a *ages) add(b *ages) {
	for i := range b {
		a[i] += b[i]
	}
}

// quantile returns the age in ms that the part q of all events was not above;
// nil where there were none.
func (a *ages) quantile(q float64) *float64 {
	total := 0.0
	for _, n := range a {
		total += float64(n)
	}
	if total == 0 {
		return nil
	}
	rank, before := q*total, 0.0
	for i, n := range a {
		if n == 0 || before+float64(n) < rank {
			before += float64(n)
			continue
		}
		from := 0.0
		if i > 0 {
			from = bounds[i-1]
		}
		to := from * stepFactor
		if i < len(bounds) {
			to = bounds[i]
		}
		ms := math.Round((from+(to-from)*(rank-before)/float64(n))*100) / 100
		return &ms
	}
	ms := bounds[len(bounds)-1]
	return &ms
}
