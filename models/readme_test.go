package models

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func readme(t *testing.T) string {
	t.Helper()
	return page(t, "README.md")
}

// page reads a file by its path from the root.
func page(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", filepath.FromSlash(path)))
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

// The README is for a stranger: what tells everything stands in the pages that
// it links.
func TestReadmeIsShort(t *testing.T) {
	t.Parallel()
	if n := strings.Count(readme(t), "\n"); n > 260 {
		t.Errorf("the README has %d lines; 260 are its measure", n)
	}
	if !strings.Contains(readme(t), "go test ./...") {
		t.Error("the README lacks the test command")
	}
}

// What the pages tell people to run exists, and the README shows all programs.
func TestCommandsExist(t *testing.T) {
	t.Parallel()
	source := page(t, "server/harness/main.go")
	shown := map[string]bool{}
	for _, path := range pages(t) {
		text := page(t, path)
		for _, m := range regexp.MustCompile(`go run (\./[a-z/]+)(?: ([a-z]+))?`).FindAllStringSubmatch(text, -1) {
			shown[path+" "+m[1]] = true
			if files, _ := filepath.Glob(filepath.Join("..", m[1], "*.go")); len(files) == 0 {
				t.Errorf("%s: %s is no program", path, m[1])
			}
			if m[1] == "./server/harness" && m[2] != "" && !strings.Contains(source, " "+m[2]+"Command ") {
				t.Errorf("%s: the harness has no command %s", path, m[2])
			}
		}
		for _, m := range regexp.MustCompile(`-run '?(Test\w+)`).FindAllStringSubmatch(text, -1) {
			if !testExists(t, m[1]) {
				t.Errorf("%s: there is no test %s", path, m[1])
			}
		}
	}
	for _, program := range []string{"./server", "./worker", "./server/harness"} {
		if !shown["README.md "+program] {
			t.Errorf("the README does not show go run %s", program)
		}
	}
}

// testExists tells whether a test's name begins so.
func testExists(t *testing.T, name string) bool {
	found := false
	walk(t, func(path string) {
		if !found && strings.HasSuffix(path, "_test.go") {
			found = strings.Contains(page(t, path), "\nfunc "+name)
		}
	})
	return found
}

// The page of codes names each code, and none that does not exist.
func TestCodesPageIsWhole(t *testing.T) {
	t.Parallel()
	codes := regexp.MustCompile(`Code = "([a-z_]+)"`).FindAllStringSubmatch(page(t, "models/error.go"), -1)
	if len(codes) < 30 {
		t.Errorf("found only %d codes in the source", len(codes))
	}
	text := page(t, "models/CODES.md")
	known := map[string]bool{}
	for _, m := range codes {
		known[m[1]] = true
		if !strings.Contains(text, "`"+m[1]+"`") {
			t.Errorf("CODES.md does not name %s", m[1])
		}
	}
	for _, m := range regexp.MustCompile("(?m)^\\| (`[a-z_`, ]+`) \\|").FindAllStringSubmatch(text, -1) {
		for _, code := range strings.Split(m[1], ", ") {
			if !known[strings.Trim(code, "`")] {
				t.Errorf("CODES.md names %s, which is no code", code)
			}
		}
	}
}

// The page of codes says of the same failures as the code that no retry helps.
func TestCodesPageTellsWhereNoRetryHelps(t *testing.T) {
	t.Parallel()
	var told []Code
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\|[^|]*\\| no retry: ").FindAllStringSubmatch(page(t, "models/CODES.md"), -1) {
		told = append(told, Code(m[1]))
	}
	want := slices.Sorted(slices.Values(PermanentCodes))
	if slices.Sort(told); !slices.Equal(told, want) {
		t.Errorf("the page says no retry of %v, the code of %v", told, want)
	}
	for _, code := range want {
		if !slices.Contains(FailureCodes, code) {
			t.Errorf("%s ends no video", code)
		}
	}
}
