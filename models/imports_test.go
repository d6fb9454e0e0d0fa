package models

import (
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// module is the path under which the own packages are imported.
const module = "reelroom"

// storeys, from the lowest: a package imports its own storey and lower ones.
var storeys = []string{"models", "rooms", "worker", "server"}

// homes are the folders (with all below) that alone may import a module: what
// its users need of it they get in the words of the house.
var homes = map[string]string{
	"modernc.org/sqlite":             "models/sqlitestore",
	"go.mongodb.org/mongo-driver":    "models/mongostore",
	"gocloud.dev":                    "models/bucketstore",
	"github.com/aws":                 "models/bucketstore",
	"github.com/zishang520":          "server/socketio",
	"github.com/golang-jwt/jwt/v5":   "server",
	"codeberg.org/gruf/go-ffmpreg":   "worker/ffmpeg",
	"github.com/tetratelabs/wazero":  "worker/ffmpeg",
	"github.com/alecthomas/kong":     "server/harness",
	"github.com/hibiken/asynq":       "worker",
	"github.com/alicebob/miniredis":  "worker/backend",
	"github.com/schollz/progressbar": "server",
}

// testOnly are packages that only tests import.
var testOnly = []string{"testing", "go.uber.org/goleak", "pgregory.net/rapid", "github.com/santhosh-tekuri/jsonschema", "github.com/johannesboyne/gofakes3"}

// testFolder reports whether a folder holds what only tests use: some part of
// its path ends in "test", as in modelstest.
func testFolder(folder string) bool {
	return slices.ContainsFunc(strings.Split(folder, "/"), func(part string) bool { return strings.HasSuffix(part, "test") })
}

// source is one Go file: the folder of its package, and what it imports.
type source struct {
	folder, name string
	imports      []string
}

func (s source) test() bool { return strings.HasSuffix(s.name, "_test.go") || testFolder(s.folder) }

// within reports whether a slash-separated path is parent or lies below it.
func within(path, parent string) bool { return path == parent || strings.HasPrefix(path, parent+"/") }

// standard reports whether a path is of the standard library: no module's
// first element is without a dot, but our own.
func standard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return first != module && !strings.Contains(first, ".")
}

// forbidden says why a file may not import a path, or "".
func forbidden(s source, path string) string {
	if own, ok := strings.CutPrefix(path, module+"/"); ok {
		return forbiddenOwn(s, own)
	}
	if path == module {
		return "there is no package at the root"
	}
	if s.test() {
		return "" // a test may look at the other side of a wall
	}
	if slices.ContainsFunc(testOnly, func(p string) bool { return within(path, p) }) {
		return "only tests import it"
	}
	for _, floor := range []string{"models", "frontend"} {
		if s.folder == floor && !standard(path) {
			return floor + " imports the standard library only"
		}
	}
	for m, home := range homes {
		if within(path, m) && !within(s.folder, home) {
			return "only " + home + " imports it"
		}
	}
	return ""
}

func forbiddenOwn(s source, own string) string {
	top, _, _ := strings.Cut(own, "/")
	from, _, _ := strings.Cut(s.folder, "/")
	switch {
	case !s.test() && testFolder(own):
		return "only tests import it"
	case from == "frontend":
		return "frontend imports nothing of the house"
	case top == "frontend":
		if from != "server" {
			return "only server imports frontend"
		}
		return ""
	case s.folder == "models" && !s.test():
		return "models imports the standard library only"
	case slices.Index(storeys, top) < 0:
		return top + " is no storey"
	case slices.Index(storeys, top) > slices.Index(storeys, from):
		return "imports only go down: " + strings.Join(storeys, " < ")
	}
	return ""
}

// sources parses the import clauses of every Go file below the root.
func sources(root string) (found []source, err error) {
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if path != root && (strings.HasPrefix(name, ".") || name == "node_modules" || name == "testdata" || name == "data") {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(name) != ".go" {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		folder, err := filepath.Rel(root, filepath.Dir(path))
		s := source{folder: filepath.ToSlash(folder), name: name}
		for _, spec := range file.Imports {
			p, uerr := strconv.Unquote(spec.Path.Value)
			err = errors.Join(err, uerr)
			s.imports = append(s.imports, p)
		}
		found = append(found, s)
		return err
	})
	return found, err
}

// Imports go down only: server, worker, rooms, models; only server imports
// frontend; models itself needs nothing but the standard library.
func TestImportsGoDown(t *testing.T) {
	t.Parallel()
	found, err := sources("..")
	if err != nil {
		t.Fatal(err)
	}
	folders := map[string]bool{}
	for _, s := range found {
		folders[s.folder] = true
		if top, _, _ := strings.Cut(s.folder, "/"); !slices.Contains(storeys, top) && top != "frontend" {
			t.Errorf("%s/%s is in no storey", s.folder, s.name)
			continue
		}
		for _, path := range s.imports {
			if why := forbidden(s, path); why != "" {
				t.Errorf("%s/%s imports %s: %s", s.folder, s.name, path, why)
			}
		}
	}
	for _, folder := range []string{"models", "models/sqlitestore", "rooms"} {
		if !folders[folder] {
			t.Errorf("the walk did not see %s: it proves nothing", folder)
		}
	}
}

// The rule itself, on imports that nobody has written.
func TestImportRule(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		folder, name, path string
		ok                 bool
	}{
		{"models", "a.go", "time", true},
		{"models", "a.go", "golang.org/x/sync/errgroup", false},
		{"models", "a.go", "reelroom/models/record", false},
		{"models", "a_test.go", "pgregory.net/rapid", true},
		{"models", "a.go", "pgregory.net/rapid", false},
		{"models/mongostore", "a.go", "go.mongodb.org/mongo-driver/mongo", true},
		{"models/sqlitestore", "a.go", "go.mongodb.org/mongo-driver/mongo", false},
		{"models/record", "a.go", "reelroom/models", true},
		{"models/record", "a.go", "reelroom/rooms", false},
		{"rooms", "a.go", "reelroom/models", true},
		{"rooms", "a.go", "reelroom/models/modelstest", false},
		{"rooms", "a_test.go", "reelroom/models/modelstest", true},
		{"rooms", "a_test.go", "reelroom/server/api", false},
		{"rooms/redislog", "a.go", "reelroom/worker/queue", false},
		{"worker/queue", "a.go", "reelroom/rooms", true},
		{"worker", "main.go", "reelroom/server/auth", false},
		{"worker", "main.go", "reelroom/frontend", false},
		{"server", "main.go", "reelroom/frontend", true},
		{"server", "main.go", "reelroom/worker/backend", true},
		{"server/api", "a.go", "github.com/zishang520/socket.io/v2/socket", false},
		{"server/socketio", "a.go", "github.com/zishang520/socket.io/v2/socket", true},
		{"frontend", "a.go", "embed", true},
		{"frontend", "a.go", "reelroom/models", false},
		{"server", "a.go", "reelroom/util", false},
		{"server", "a.go", "reelroom", false},
	} {
		why := forbidden(source{folder: test.folder, name: test.name}, test.path)
		if (why == "") != test.ok {
			t.Errorf("%s imports %s: %s", fmt.Sprintf("%s/%s", test.folder, test.name), test.path, why)
		}
	}
}
