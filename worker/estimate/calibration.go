package estimate

import (
	"math"

	"reelroom/models"
)

// promised is how many promises a calibration remembers: then the oldest fade.
const promised = 500

// compare takes a promise and what came true into a calibration.
func compare(c models.Calibration, e models.Eta, truth float64) models.Calibration {
	n := c.Samples + 1
	add := func(to *float64, x float64) { *to += (x - *to) / n }
	under := func(limit float64) float64 {
		if truth <= limit {
			return 1
		}
		return 0
	}
	add(&c.UnderMedian, under(e.Seconds))
	add(&c.UnderHigh, under(e.HighSeconds))
	add(&c.Error, math.Abs(math.Log(max(truth, 0.01)/max(e.Seconds, 0.01))))
	add(&c.PinballMedian, pinball(0.5, e.Seconds, truth))
	add(&c.PinballHigh, pinball(0.9, e.HighSeconds, truth))
	c.Samples = min(n, promised)
	return c
}

// pinball is the loss that is least, in the mean, for the true quantile q.
func pinball(q, said, truth float64) float64 {
	if truth >= said {
		return q * (truth - said)
	}
	return (1 - q) * (said - truth)
}
