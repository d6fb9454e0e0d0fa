// Package testenv says what a test does on a machine that lacks something.
package testenv

import (
	"os"
	"os/exec"
	"testing"
)

// Missing ends the test because the machine lacks what. It skips with that
// reason, or fails where CI=true: the full suite may not skip anything.
func Missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("CI must provide %s: nothing may be skipped there", what)
	}
	t.Skipf("skipped: this machine has no %s", what)
}

// Program returns the path of an executable, or ends the test as [Missing] does.
func Program(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		Missing(t, name)
	}
	return path
}

// Variable returns the value of an environment variable, or ends the test as
// [Missing] does.
func Variable(t testing.TB, name string) string {
	t.Helper()
	value := os.Getenv(name)
	if value == "" {
		Missing(t, "service in "+name)
	}
	return value
}
