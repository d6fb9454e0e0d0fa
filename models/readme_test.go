package models

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func readme(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// The README's map names each folder of the house, and none that is gone.
func TestReadmeMapIsTheTree(t *testing.T) {
	t.Parallel()
	_, rest, ok := strings.Cut(readme(t), "<!-- map -->")
	drawn, _, end := strings.Cut(rest, "<!-- /map -->")
	if !ok || !end {
		t.Fatal("README.md has no map between <!-- map --> and <!-- /map -->")
	}
	mapped := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^\s*([a-z][a-z/]*)/ `).FindAllStringSubmatch(drawn, -1) {
		mapped[m[1]] = true
		if info, err := os.Stat(filepath.Join("..", m[1])); err != nil || !info.IsDir() {
			t.Errorf("the map names %s/, which is no folder", m[1])
		}
	}
	for _, top := range []string{"models", "rooms", "worker", "server", "frontend"} {
		if !mapped[top] {
			t.Errorf("the map lacks %s/", top)
		}
		entries, err := os.ReadDir(filepath.Join("..", top))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			path := top + "/" + e.Name()
			if e.IsDir() && e.Name() != "testdata" && e.Name() != "node_modules" && e.Name() != "dist" && !mapped[path] {
				t.Errorf("the map lacks %s/", path)
			}
		}
	}
}

// What the README tells people to run exists.
func TestReadmeCommandsExist(t *testing.T) {
	t.Parallel()
	text := readme(t)
	runs := regexp.MustCompile(`go run (\./[a-z/]+)`).FindAllStringSubmatch(text, -1)
	if len(runs) < 3 {
		t.Errorf("the README shows %d go run commands; it should show the server, the worker and the harness", len(runs))
	}
	for _, m := range runs {
		if files, _ := filepath.Glob(filepath.Join("..", m[1], "*.go")); len(files) == 0 {
			t.Errorf("%s is no program", m[0])
		}
	}
	for _, m := range regexp.MustCompile(`\]\(([^)#]+)\)|src="([^"]+)"`).FindAllStringSubmatch(text, -1) {
		path := m[1] + m[2]
		if strings.Contains(path, "://") {
			continue
		}
		if _, err := os.Stat(filepath.Join("..", path)); err != nil {
			t.Errorf("the README links %s, which is not there", path)
		}
	}
	if !strings.Contains(text, "go test ./...") {
		t.Error("the README lacks the test command")
	}
}

// The page of codes names each code, and none that does not exist.
func TestCodesPageIsWhole(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("error.go")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("CODES.md")
	if err != nil {
		t.Fatal(err)
	}
	codes := regexp.MustCompile(`Code = "([a-z_]+)"`).FindAllStringSubmatch(string(source), -1)
	if len(codes) < 30 {
		t.Errorf("found only %d codes in the source", len(codes))
	}
	known := map[string]bool{}
	for _, m := range codes {
		known[m[1]] = true
		if !strings.Contains(string(page), "`"+m[1]+"`") {
			t.Errorf("CODES.md does not name %s", m[1])
		}
	}
	for _, m := range regexp.MustCompile("(?m)^\\| (`[a-z_`, ]+`) \\|").FindAllStringSubmatch(string(page), -1) {
		for _, code := range strings.Split(m[1], ", ") {
			if !known[strings.Trim(code, "`")] {
				t.Errorf("CODES.md names %s, which is no code", code)
			}
		}
	}
}

// The README's table of settings is the one that the programs read.
func TestReadmeNamesEverySetting(t *testing.T) {
	t.Parallel()
	text := readme(t)
	tag := regexp.MustCompile("`env:\"([A-Z_]+)\"")
	found := 0
	for _, path := range []string{"../worker/backend/config.go", "../server/config.go", "../server/limits/settings.go"} {
		source, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range tag.FindAllStringSubmatch(string(source), -1) {
			found++
			if !strings.Contains(text, "`"+m[1]+"`") {
				t.Errorf("the README does not name %s", m[1])
			}
		}
	}
	if found < 15 {
		t.Errorf("found only %d settings in the sources", found)
	}
}
