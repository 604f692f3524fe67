package explain

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"tcpwarm/analyze/tcp"
	"tcpwarm/analyze/verdict"
)

// parsePackage reads the Go files of a folder, tests left out.
func parsePackage(t *testing.T, dir string) (files []*ast.File) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no files in %s: %v", dir, err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	return files
}

// constants returns the values of a package's string constants of one type; of those that
// have none where the type is "".
func constants(t *testing.T, dir, typ string) (values []string) {
	for _, f := range parsePackage(t, dir) {
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.CONST {
				continue
			}
			for _, s := range g.Specs {
				v := s.(*ast.ValueSpec)
				name := ""
				if v.Type != nil {
					name = v.Type.(*ast.Ident).Name
				}
				if name != typ || len(v.Values) != 1 || !ast.IsExported(v.Names[0].Name) {
					continue
				}
				values = append(values, literal(v.Values[0])...)
			}
		}
	}
	return values
}

func literal(e ast.Expr) []string {
	if b, ok := e.(*ast.BasicLit); ok && b.Kind == token.STRING {
		if s, err := strconv.Unquote(b.Value); err == nil {
			return []string{s}
		}
	}
	return nil
}

// kinds returns the kinds of problems that a package has: where a composite literal's Kind is
// set, or its kind stands first as in capture's table.
func kinds(t *testing.T, dir string) (values []string) {
	for _, f := range parsePackage(t, dir) {
		ast.Inspect(f, func(n ast.Node) bool {
			switch x := n.(type) {
			case *ast.CompositeLit:
				isProblem, kind := false, []string(nil)
				for _, e := range x.Elts {
					kv, ok := e.(*ast.KeyValueExpr)
					if !ok {
						continue
					}
					if id, ok := kv.Key.(*ast.Ident); ok && id.Name == "Kind" {
						kind = literal(kv.Value)
					} else if ok && id.Name == "Count" {
						isProblem = true
					}
				}
				if isProblem {
					values = append(values, kind...)
				}
			case *ast.ValueSpec:
				if x.Names[0].Name != "problemTexts" {
					return true
				}
				for _, e := range x.Values[0].(*ast.CompositeLit).Elts {
					values = append(values, literal(e.(*ast.KeyValueExpr).Value.(*ast.CompositeLit).Elts[0])...)
				}
			}
			return true
		})
	}
	return values
}

// Every word that a report can print is explained. The list comes from the code's constants,
// so that a new one cannot be forgotten.
func TestWordsExplained(t *testing.T) {
	for _, x := range []struct {
		what  string
		words []string
		least int
	}{
		{"cause", constants(t, "../../pool", "Cause"), 15},
		{"verdict", constants(t, "../../pool", "Verdict"), 6},
		{"confidence", constants(t, "../../pool", "Confidence"), 3},
		{"basis", constants(t, "../../transaction", "Basis"), 4},
		{"warmth", constants(t, "../../transaction", "Warmth"), 4},
		{"vantage", constants(t, "../../tcp", "Vantage"), 5},
		{"outcome", constants(t, "..", "Outcome"), 3},
		{"change", constants(t, "../../report/compare", "Change"), 4},
		{"scenario's verdict", constants(t, "../../report/examined", "Verdict"), 5},
		{"evidence", constants(t, "../../report/examined", "Evidence"), 2},
		{"problem", constants(t, "../../../capture/segment", ""), 7},
		{"problem", kinds(t, "../../../capture"), 9},
		{"problem", kinds(t, "../../report/build"), 12},
		{"metric", verdict.Metrics, 12},
		{"window's basis", []string{tcp.Assumed.String(), tcp.Inferred.String(), tcp.Observed.String()}, 3},
		{"headline", []string{"SERVER PREVENTS REUSE", "NOT REUSED", "NO OPPORTUNITY"}, 3},
		{"phrase", []string{"read in clear", "captured on loopback", "at the client", "at the server", "Refuted if", "Consistent with", "round trip"}, 7},
		{"limit", []string{tcp.UnknownLimit.String(), tcp.Congestion.String(), tcp.Receiver.String(), tcp.SendBuffer.String(), tcp.Application.String()}, 5},
	} {
		if len(x.words) < x.least {
			t.Errorf("%s: only %v found in the code", x.what, x.words)
		}
		for _, w := range x.words {
			if e, ok := Lookup(w); !ok {
				t.Errorf("%s %q is not explained", x.what, w)
			} else if x.what == "problem" && e.Kind != IsProblem {
				t.Errorf("%s %q is explained as a %s", x.what, w, e.Kind)
			}
		}
	}
	for _, f := range verdict.Findings() {
		if _, ok := Lookup(f.ID); !ok {
			t.Errorf("finding %q is not explained", f.ID)
		}
	}
}

// No word leads to two entries, unless it is the ID of one.
func TestWordsOnce(t *testing.T) {
	ids, also := map[string]bool{}, map[string]string{}
	for _, e := range Entries() {
		ids[e.ID] = true
	}
	for _, e := range Entries() {
		for _, w := range e.Also {
			w = strings.ReplaceAll(w, " ", "-")
			if other, ok := also[w]; ok || ids[w] && w != e.ID {
				t.Errorf("%q is explained by %s, and by %s", w, e.ID, other)
			}
			also[w] = e.ID
		}
	}
}
