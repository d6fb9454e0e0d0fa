package estimate

import (
	"math"

	"reelroom/models"
)

// spread is a log-normal distribution of seconds: their logarithm has mean mu
// and standard deviation sigma.
type spread struct{ mu, sigma float64 }

// z90 is the ninth decile of the standard normal distribution.
const z90 = 1.2815515655446004

// alike is how much the errors of two stages of one video have in common.
const alike = 0.5

func (s spread) median() float64 { return math.Exp(s.mu) }
func (s spread) high() float64   { return math.Exp(s.mu + z90*s.sigma) }

func (s spread) eta() models.Eta { return models.Eta{Seconds: s.median(), HighSeconds: s.high()} }

// sum is the log-normal distribution with the mean and the variance of the sum
// (Fenton and Wilkinson), where any two parts correlate by [alike].
func sum(parts ...spread) spread {
	if len(parts) == 1 {
		return parts[0]
	}
	mean, variance, deviations := 0.0, 0.0, 0.0
	for _, p := range parts {
		m := math.Exp(p.mu + p.sigma*p.sigma/2)
		d := m * math.Sqrt(math.Expm1(p.sigma*p.sigma))
		mean += m
		variance += (1 - alike) * d * d
		deviations += d
	}
	variance += alike * deviations * deviations
	s2 := math.Log1p(variance / (mean * mean))
	return spread{math.Log(mean) - s2/2, math.Sqrt(s2)}
}

const (
	// rateNoise is the variance, at half the work, of ln(total) as the rate so
	// far gives it; near the beginning it says little.
	rateNoise = 0.08
	// roughness is how far a fraction of the work may be from the fraction of
	// the time: what is left of the last percents is known badly.
	roughness = 0.02
	// least is the smallest fraction that says anything.
	least = 0.01
)

// left is what is left of a stage that was expected to take s, a share of which
// passes before its work begins, after elapsed seconds and with that fraction of
// the work done.
func left(s spread, share, elapsed, fraction float64) spread {
	if fraction < least || elapsed <= 0 {
		return longer(s, elapsed)
	}
	fraction = min(fraction, 1-roughness/2)
	s.mu += math.Log(1 - share) // the work alone, whose rate is: the share that is over took elapsed
	rate := math.Log((1 - share) * elapsed / (share + (1-share)*fraction))
	noise := rateNoise*(1-fraction)/fraction + roughness
	// An expectation that the rate refutes is believed less.
	surprise := (rate - s.mu) * (rate - s.mu) / (s.sigma*s.sigma + noise)
	believed, observed := 1/(s.sigma*s.sigma*(1+surprise/4)), 1/noise
	rest := roughness / (1 - fraction)
	return spread{
		(believed*s.mu+observed*rate)/(believed+observed) + math.Log(1-fraction),
		math.Sqrt(1/(believed+observed) + min(rest*rest, 1)),
	}
}

// longer is what is left when nothing is known but that elapsed seconds did not
// suffice: the quantiles of the total, given that it is more.
func longer(s spread, elapsed float64) spread {
	if elapsed <= 0 {
		return s
	}
	z := (math.Log(elapsed) - s.mu) / s.sigma
	if z > 3 { // the expectation is refuted: as long again, or ten times
		return spread{math.Log(elapsed), math.Ln10 / z90}
	}
	alive := math.Erfc(z/math.Sqrt2) / 2 // the chance to last so long
	at := func(q float64) float64 {
		p := 1 - (1-q)*alive
		return max(math.Exp(s.mu+s.sigma*math.Sqrt2*math.Erfinv(2*p-1))-elapsed, 1e-3)
	}
	median := at(0.5)
	return spread{math.Log(median), max(math.Log(at(0.9)/median)/z90, 0.1)}
}
