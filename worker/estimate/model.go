package estimate

import (
	"math"

	"reelroom/models"
)

const (
	// memory is how many samples a class remembers: then the oldest fade.
	memory = 60
	// belief is how many samples the broader class counts for.
	belief = 3
	// What a prediction is off before anything was learned, as a variance of
	// the logarithm: by a factor of 1.8 with metadata, of 2.5 without.
	knownVariance, blindVariance = 0.35, 0.8
	// leastSigma and mostSigma bound what is claimed to be known, and unknown.
	leastSigma, mostSigma = 0.12, 1.5
	// farOff is the largest error that is learned from, as a logarithm (20 times):
	// a worker that was asleep teaches nothing.
	farOff = 3.0
)

// model is what is known at one moment.
type model struct {
	lessons map[string]models.Lesson
	// pace is ln of the factor by which this process is slower than others.
	pace float64
}

// factor is ln of the factor that the classes have learned for the rule of
// thumb, and the variance of what is then still off.
func (m model) factor(stage models.Stage, f Features) (mean, variance float64) {
	variance = knownVariance
	if !f.Known {
		variance = blindVariance
	}
	for _, class := range classes(stage, f) {
		l := m.lessons[class]
		mean = (l.Samples*l.Mean + belief*mean) / (l.Samples + belief)
		variance = (l.Samples*l.Variance + belief*variance) / (l.Samples + belief)
	}
	return mean, variance
}

// stage is how long the stage will take.
func (m model) stage(stage models.Stage, f Features) spread {
	mean, variance := m.factor(stage, f)
	return spread{math.Log(rule(stage, f)) + mean + m.pace, min(max(math.Sqrt(variance), leastSigma), mostSigma)}
}

// left is what is left of the stage.
func (m model) left(stage models.Stage, f Features, elapsed, fraction float64) spread {
	share := min(starts(stage, f)/rule(stage, f), 0.9)
	return left(m.stage(stage, f), share, elapsed, fraction)
}

// rest are the stages that follow.
func (m model) rest(stage models.Stage, f Features) (rest []spread) {
	for s := stage.Next(); s != ""; s = s.Next() {
		rest = append(rest, m.stage(s, f))
	}
	return rest
}

// off is by how much the model was wrong about a sample, as a logarithm.
func (m model) off(s sample) float64 {
	return min(max(math.Log(max(s.seconds, 1e-3))-m.stage(s.stage, s.f).mu, -farOff), farOff)
}

// learn takes a sample into the lessons: what the stage took, and by how much
// the model, which has not seen it, was off.
func (m model) learn(lessons map[string]models.Lesson, s sample) {
	factor := math.Log(max(s.seconds, 1e-3) / rule(s.stage, s.f))
	off := m.off(s)
	for _, class := range classes(s.stage, s.f) {
		l, there := lessons[class]
		if !there && len(lessons) >= models.MaxLessons {
			continue
		}
		n := l.Samples + 1
		if l.Samples >= 5 { // one outlier moves a mean that is known no further than three deviations
			reach := 3 * max(math.Sqrt(l.Variance), 0.2)
			factor = min(max(factor, l.Mean-reach), l.Mean+reach)
		}
		l.Mean += (factor - l.Mean) / n
		l.Variance += (off*off - l.Variance) / n
		l.Samples = min(n, memory)
		lessons[class] = l
	}
}
