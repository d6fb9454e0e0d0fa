package source

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Constant is a typed string constant.
type Constant struct {
	Value, Doc string
}

// Source is what was read of one package.
type Source struct {
	Constants map[string][]Constant // by type, in the order of the source
	Docs      map[string]string     // by "Type" or "Type.Field", each one line
}

// Read reads the Go files of a folder, but not its tests.
func Read(dir string) (Source, error) {
	s := Source{map[string][]Constant{}, map[string]string{}}
	paths, err := fs.Glob(os.DirFS(dir), "*.go")
	if err != nil {
		return s, err
	}
	if len(paths) == 0 {
		return s, fmt.Errorf("no Go file in %s", dir)
	}
	set := token.NewFileSet()
	for _, p := range paths {
		if strings.HasSuffix(p, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(set, filepath.Join(dir, p), nil, parser.ParseComments)
		if err != nil {
			return s, err
		}
		for _, d := range f.Decls {
			if g, ok := d.(*ast.GenDecl); ok {
				s.read(g)
			}
		}
	}
	return s, nil
}

func (s *Source) read(g *ast.GenDecl) {
	for _, spec := range g.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			doc := spec.Doc
			if doc == nil {
				doc = g.Doc
			}
			s.Docs[spec.Name.Name] = text(doc)
			if t, ok := spec.Type.(*ast.StructType); ok {
				for _, f := range t.Fields.List {
					for _, n := range f.Names {
						s.Docs[spec.Name.Name+"."+n.Name] = text(f.Doc)
					}
				}
			}
		case *ast.ValueSpec:
			typ, ok := spec.Type.(*ast.Ident)
			if g.Tok != token.CONST || !ok {
				continue
			}
			for _, v := range spec.Values {
				if lit, ok := v.(*ast.BasicLit); ok && lit.Kind == token.STRING {
					value, _ := strconv.Unquote(lit.Value)
					s.Constants[typ.Name] = append(s.Constants[typ.Name], Constant{value, text(spec.Comment)})
				}
			}
		}
	}
}

// text is a Go comment as one line, without the brackets of its links, that can
// stand in a comment of TypeScript.
func text(c *ast.CommentGroup) string {
	t := strings.Join(strings.Fields(c.Text()), " ")
	return strings.NewReplacer("*/", "* /", "[", "", "]", "").Replace(t)
}
