package models

import (
	"regexp"
	"strings"
	"testing"
)

var (
	tagged  = regexp.MustCompile("`env:\"([A-Z_]+)\"(?: envDefault:\"([^\"]*)\")?")
	row     = regexp.MustCompile("(?m)^\\| ((?:`[A-Z_]+`(?:, or |, )?)+) \\|([^|]*)\\|")
	quoted  = regexp.MustCompile("`([A-Z_]+)`")
	example = regexp.MustCompile(`(?m)^#?([A-Z_]+)=`)
)

// settings are the variables that the programs read, with their defaults.
func settings(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	walk(t, func(path string) {
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasPrefix(path, "server/harness/") {
			return
		}
		for _, m := range tagged.FindAllStringSubmatch(page(t, path), -1) {
			found[m[1]] = m[2]
		}
	})
	if len(found) < 40 {
		t.Errorf("found only %d settings in the sources", len(found))
	}
	return found
}

// The tables of the page of settings are what the programs read: each
// variable, with its default, and no other.
func TestSettingsPageIsWhole(t *testing.T) {
	t.Parallel()
	known := settings(t)
	told := map[string]bool{}
	for _, m := range row.FindAllStringSubmatch(page(t, "server/SETTINGS.md"), -1) {
		names, defaults := quoted.FindAllStringSubmatch(m[1], -1), strings.Split(m[2], ", ")
		for i, name := range names {
			standard, ok := known[name[1]]
			if !ok {
				t.Errorf("SETTINGS.md names %s, which nothing reads", name[1])
			}
			if told[name[1]] {
				t.Errorf("SETTINGS.md names %s twice", name[1])
			}
			told[name[1]] = true
			if standard == "" {
				continue
			}
			if len(defaults) != len(names) {
				t.Errorf("SETTINGS.md has %d defaults for %s", len(defaults), m[1])
			} else if cell := strings.Trim(strings.TrimSpace(defaults[i]), "`"); cell != standard && cell != "./"+standard {
				t.Errorf("SETTINGS.md says %q for %s, which is %q", cell, name[1], standard)
			}
		}
	}
	for name := range known {
		if !told[name] {
			t.Errorf("SETTINGS.md has no %s", name)
		}
	}
}

// The example for containers has each setting, and none that nobody reads.
func TestExampleOfSettingsIsWhole(t *testing.T) {
	t.Parallel()
	known := settings(t)
	text := page(t, ".env.example")
	for name := range known {
		if !strings.Contains(text, name) {
			t.Errorf(".env.example does not name %s", name)
		}
	}
	compose := page(t, "docker-compose.yml")
	for _, m := range example.FindAllStringSubmatch(text, -1) {
		if _, ok := known[m[1]]; !ok && !strings.HasPrefix(m[1], "AWS_") && !strings.Contains(compose, "${"+m[1]) {
			t.Errorf(".env.example has %s, which nothing reads", m[1])
		}
	}
}
