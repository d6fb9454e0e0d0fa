package main

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

// constant is a typed string constant of models.
type constant struct {
	value, doc string
}

// source is what reflection cannot see: constants and comments.
type source struct {
	constants map[string][]constant // by type, in the order of the source
	docs      map[string]string     // by "Type" or "Type.Field"
}

func readSource(dir string) (source, error) {
	s := source{map[string][]constant{}, map[string]string{}}
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

func (s *source) read(g *ast.GenDecl) {
	for _, spec := range g.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			doc := spec.Doc
			if doc == nil {
				doc = g.Doc
			}
			s.docs[spec.Name.Name] = text(doc)
			if t, ok := spec.Type.(*ast.StructType); ok {
				for _, f := range t.Fields.List {
					for _, n := range f.Names {
						s.docs[spec.Name.Name+"."+n.Name] = text(f.Doc)
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
					s.constants[typ.Name] = append(s.constants[typ.Name], constant{value, text(spec.Comment)})
				}
			}
		}
	}
}

// text is a Go comment as one line of TypeScript's.
func text(c *ast.CommentGroup) string {
	t := strings.Join(strings.Fields(c.Text()), " ")
	return strings.NewReplacer("*/", "* /", "[", "", "]", "").Replace(t)
}
