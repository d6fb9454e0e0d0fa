package models

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// walk calls f with each file of the sources, by its path from the root.
func walk(t *testing.T, f func(path string)) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(".."), ".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case !d.IsDir():
			f(p)
		case d.Name() == "node_modules" || d.Name() == "dist" || p != "." && strings.HasPrefix(d.Name(), ".") || p == "data":
			return fs.SkipDir
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// pages are all texts for people.
func pages(t *testing.T) (found []string) {
	t.Helper()
	walk(t, func(p string) {
		if strings.HasSuffix(p, ".md") {
			found = append(found, p)
		}
	})
	return found
}

var (
	fenced  = regexp.MustCompile("(?ms)^```.*?^```$")
	linked  = regexp.MustCompile(`\]\(([^)\s]+)\)|src="([^"]+)"`)
	heading = regexp.MustCompile(`(?m)^#+ (.+)$`)
	dropped = regexp.MustCompile(`[^\p{L}\p{N}_ -]`)
)

// linksOf lists what a page links in the repository, as path or path#anchor
// from the root.
func linksOf(t *testing.T, from string) (found []string) {
	t.Helper()
	for _, m := range linked.FindAllStringSubmatch(fenced.ReplaceAllString(page(t, from), ""), -1) {
		target := m[1] + m[2]
		if strings.Contains(target, "://") {
			continue
		}
		if strings.HasPrefix(target, "#") {
			target = path.Base(from) + target
		}
		found = append(found, path.Join(path.Dir(from), target))
	}
	return found
}

// anchorsOf lists the anchors that a page's headings have where such pages are
// shown.
func anchorsOf(text string) map[string]bool {
	found := map[string]bool{}
	for _, m := range heading.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
		name := strings.ReplaceAll(dropped.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-")
		anchor := name
		for n := 1; found[anchor]; n++ {
			anchor = name + "-" + strconv.Itoa(n)
		}
		found[anchor] = true
	}
	return found
}

// Each link of each page leads to a file that is there, and to a heading in it.
func TestLinksOfPagesResolve(t *testing.T) {
	t.Parallel()
	links := 0
	for _, from := range pages(t) {
		for _, link := range linksOf(t, from) {
			links++
			file, anchor, _ := strings.Cut(link, "#")
			if _, err := os.Stat(filepath.Join("..", filepath.FromSlash(file))); err != nil {
				t.Errorf("%s links %s, which is not there", from, file)
			} else if anchor != "" && !anchorsOf(page(t, file))[anchor] {
				t.Errorf("%s links %s, which has no such heading", from, link)
			}
		}
	}
	if links < 60 {
		t.Errorf("found only %d links in the pages", links)
	}
}

// Whoever begins at the README finds every page.
func TestPagesAreReachable(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{"README.md": true}
	for next := []string{"README.md"}; len(next) > 0; next = next[1:] {
		for _, link := range linksOf(t, next[0]) {
			file, _, _ := strings.Cut(link, "#")
			if strings.HasSuffix(file, ".md") && !seen[file] {
				seen[file] = true
				next = append(next, file)
			}
		}
	}
	for _, p := range pages(t) {
		if !seen[p] && !strings.Contains(p, "/testdata/") {
			t.Errorf("no link leads from the README to %s", p)
		}
	}
}
