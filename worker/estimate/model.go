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
	return m.shrunk(classes(stage, f), variance)
}

// shrunk are the mean and the variance of the last class, which leans on those
// before it, and they on 0 and on the variance given.
func (m model) shrunk(classes []string, variance float64) (mean, v float64) {
	for _, class := range classes {
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

// byRate is what is left of the stage, as the rate so far and the expectation
// give it.
func (m model) byRate(stage models.Stage, f Features, elapsed, fraction float64) spread {
	share := min(starts(stage, f)/rule(stage, f), 0.9)
	return left(m.stage(stage, f), share, elapsed, fraction)
}

// left is what is left of the stage: byRate, and what was learned about it. A
// stage does not do all its work evenly: after the last frame it may have a
// picture to write.
func (m model) left(stage models.Stage, f Features, elapsed, fraction float64) spread {
	s := m.byRate(stage, f, elapsed, fraction)
	part := partOf(fraction)
	if part == 0 {
		return s
	}
	mean, variance := m.shrunk(insideClasses(stage, f, part), s.sigma*s.sigma)
	return spread{s.mu + mean, min(max(math.Sqrt(variance), leastSigma), mostSigma)}
}

// partOf numbers the parts of a stage's work: its quarters, and the last tenth.
func partOf(fraction float64) int {
	if fraction >= 0.9 {
		return 4
	}
	return int(max(fraction, 0) * 4)
}

// rest are the stages that follow.
func (m model) rest(stage models.Stage, f Features) (rest []spread) {
	for s := stage.Next(); s != ""; s = s.Next() {
		rest = append(rest, m.stage(s, f))
	}
	if _, planned := f.Loads[models.StageRendition]; planned && stage != models.StageRendition {
		rest = append(rest, m.stage(models.StageRendition, f))
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
	took := math.Log(max(s.seconds, 1e-3))
	remember(lessons, classes(s.stage, s.f), took-math.Log(rule(s.stage, s.f)), m.off(s))
	for _, p := range s.inside {
		rest := math.Log(max(s.seconds-p.elapsed, 1e-3))
		remember(lessons, insideClasses(s.stage, s.f, p.part), rest-p.byRate, rest-p.said)
	}
}

// remember takes one sample into classes: a factor, and by how much the
// prediction was off, both as logarithms.
func remember(lessons map[string]models.Lesson, classes []string, sample, off float64) {
	sample, off = min(max(sample, -2*farOff), 2*farOff), min(max(off, -farOff), farOff)
	for _, class := range classes {
		l, there := lessons[class]
		factor := sample
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
