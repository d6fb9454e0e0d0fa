// Package health tells whether a process lives, whether it can serve, and
// whether the services that it shares with other processes can be used.
package health

import (
	"errors"

	"reelroom/models"
	"reelroom/models/buildinfo"
)

// Alive is the answer of GET /healthz.
type Alive struct {
	Status string `json:"status"`
	// Version is that of the program: a release, a commit, or "devel".
	Version string `json:"version"`
}

// Living returns the answer of GET /healthz.
func Living() Alive { return Alive{Status: ok, Version: buildinfo.Version()} }

// Readiness is the answer of GET /readyz. It holds nothing that strangers may
// not know.
type Readiness struct {
	// Status is "ok" where the process can serve, else "failing". With deep=1 it
	// is "ok" only where the shared services can be used as well.
	Status string `json:"status"`
	// Checks are "ok", "failing", or "unknown" while the first answer is awaited.
	Checks map[string]string `json:"checks"`
	// Problems say what is wrong with the checks that fail, where that is known.
	Problems []string `json:"problems,omitempty"`
	// Warnings say what is not as it should be, although it can be used.
	Warnings []string `json:"warnings,omitempty"`
}

const (
	ok      = "ok"
	failing = "failing"
	unknown = "unknown"
)

// Warning is returned by a check of a service that can be used, but is not as
// it should be.
type Warning struct{ Sentences []string }

// Error implements error.
func (w *Warning) Error() string {
	if len(w.Sentences) == 0 {
		return "a warning"
	}
	return w.Sentences[0]
}

// result is what one check found.
type result struct {
	state    string
	problem  string
	warnings []string
	err      error // for the log
}

// resultOf reads the error of a check. Only the message of a [models.Error] is
// shown to strangers.
func resultOf(err error) result {
	if err == nil {
		return result{state: ok}
	}
	if w, is := errors.AsType[*Warning](err); is {
		return result{state: ok, warnings: w.Sentences, err: err}
	}
	r := result{state: failing, err: err}
	if e, is := errors.AsType[*models.Error](err); is {
		r.problem = e.Message
	}
	return r
}
