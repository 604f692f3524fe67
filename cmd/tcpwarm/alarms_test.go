package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// The alarms of the house. They are no style police: where one goes off with a reason, the
// reason stands in their list, which must not outlive it.

// longLines are files that may have lines of more than maxColumns, and why.
var longLines = map[string]string{}

const (
	jsonShape = "the shape of a JSON object: parts would be objects of the schema"
	message   = "one message, whose parts depend on its kind; it is written in place, so it is no interface"
	state     = "a state machine, in which each event may change each part"
	sums      = "counts that are added up field by field"
)

// largeStructs may have more than maxFields fields, and why.
var largeStructs = map[string]string{
	"analyze/report.Connection":       jsonShape,
	"analyze/report.Pool":             jsonShape,
	"analyze/report.Transaction":      jsonShape,
	"analyze/app/http1.Head":          message,
	"analyze/event.Event":             message,
	"analyze/transaction.Transaction": message,
	"analyze/tcp.Half":                state,
	"analyze/tcp.Sender":              state,
	"analyze/transaction.Inferrer":    state,
	"analyze/pool.Sums":               sums,
}

// unlikeNames are exported names whose doc may begin otherwise, or be missing, and why.
var unlikeNames = map[string]string{}

const (
	maxColumns = 140
	tabColumns = 4
	maxFields  = 20
)

// goFiles calls f with each file of Go, but for tests.
func goFiles(t *testing.T, f func(path string, text []byte)) {
	const root = "../.."
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata"):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(path)
		if err == nil {
			path, err = filepath.Rel(root, path)
			f(filepath.ToSlash(path), text)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// declarations calls f with each file's syntax.
func declarations(t *testing.T, f func(path string, file *ast.File)) {
	goFiles(t, func(path string, text []byte) {
		file, err := parser.ParseFile(token.NewFileSet(), path, text, parser.ParseComments)
		if err != nil {
			t.Error(err)
			return
		}
		f(path, file)
	})
}

// complain reports what was found that has no reason, and reasons for what was not found.
func complain(t *testing.T, found map[string]string, reasons map[string]string) {
	for _, where := range slices.Sorted(maps.Keys(found)) {
		if reasons[where] == "" {
			t.Errorf("%s: %s", where, found[where])
		}
	}
	for where := range reasons {
		if found[where] == "" {
			t.Errorf("%s has a reason on the list and needs none any more", where)
		}
	}
}

func TestLinesFitTheScreen(t *testing.T) {
	found := map[string]string{}
	goFiles(t, func(path string, text []byte) {
		n := 0
		for line := range strings.Lines(string(text)) {
			line = strings.TrimSuffix(line, "\n")
			if columns := utf8.RuneCountInString(line) + (tabColumns-1)*strings.Count(line, "\t"); columns > maxColumns {
				n++
			}
		}
		if n > 0 {
			found[path] = fmt.Sprintf("lines of more than %d columns: %d", maxColumns, n)
		}
	})
	complain(t, found, longLines)
}

func TestStructsHaveParts(t *testing.T) {
	found := map[string]string{}
	declarations(t, func(path string, file *ast.File) {
		for _, d := range file.Decls {
			types, ok := d.(*ast.GenDecl)
			if !ok || types.Tok != token.TYPE {
				continue
			}
			for _, s := range types.Specs {
				s := s.(*ast.TypeSpec)
				if n := mostFields(s.Type); n > maxFields {
					found[filepath.ToSlash(filepath.Dir(path))+"."+s.Name.Name] = fmt.Sprintf("a struct of %d fields", n)
				}
			}
		}
	})
	complain(t, found, largeStructs)
}

// mostFields returns how many fields the largest struct in x has.
func mostFields(x ast.Expr) int {
	most := 0
	ast.Inspect(x, func(n ast.Node) bool {
		if s, ok := n.(*ast.StructType); ok {
			fields := 0
			for _, f := range s.Fields.List {
				fields += max(1, len(f.Names))
			}
			most = max(most, fields)
		}
		return true
	})
	return most
}

// Each exported name has a doc that begins with it, so that go doc tells what it is; of a
// group of constants or variables the group has, or each of them.
func TestExportedNamesAreDocumented(t *testing.T) {
	found := map[string]string{}
	declarations(t, func(path string, file *ast.File) {
		dir := filepath.ToSlash(filepath.Dir(path))
		check := func(name string, docs ...*ast.CommentGroup) {
			if why := undocumented(name[strings.LastIndexByte(name, '.')+1:], docs); why != "" {
				found[dir+"."+name] = why
			}
		}
		for _, d := range file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if name, ok := exportedFunc(d); ok {
					check(name, d.Doc)
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					switch s := s.(type) {
					case *ast.TypeSpec:
						if s.Name.IsExported() {
							check(s.Name.Name, s.Doc, d.Doc)
						}
					case *ast.ValueSpec:
						for _, n := range s.Names {
							grouped := d.Lparen.IsValid() && d.Doc != nil
							if n.IsExported() && !grouped {
								check(n.Name, s.Doc, d.Doc)
							}
						}
					}
				}
			}
		}
	})
	complain(t, found, unlikeNames)
}

// exportedFunc returns the name of a function that go doc shows; a method's has its type's
// before it.
func exportedFunc(d *ast.FuncDecl) (name string, ok bool) {
	if d.Recv == nil {
		return d.Name.Name, d.Name.IsExported()
	}
	of := d.Recv.List[0].Type
	for {
		switch x := of.(type) {
		case *ast.StarExpr:
			of = x.X
		case *ast.IndexExpr:
			of = x.X
		case *ast.Ident:
			return x.Name + "." + d.Name.Name, x.IsExported() && d.Name.IsExported()
		default:
			return "", false
		}
	}
}

// undocumented says what is wrong with the first doc that there is of a name, "" if nothing.
func undocumented(name string, docs []*ast.CommentGroup) string {
	for _, d := range docs {
		if d == nil {
			continue
		}
		text := d.Text()
		for _, article := range []string{"", "A ", "An ", "The "} {
			rest, ok := strings.CutPrefix(text, article+name)
			if ok && (rest == "" || !isLetter(rest[0])) {
				return ""
			}
		}
		return "its doc does not begin with the name"
	}
	return "it has no doc"
}

func isLetter(c byte) bool { return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' }
