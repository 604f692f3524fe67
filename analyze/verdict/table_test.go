package verdict

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every finding has one rule, and words for all that a reader asks.
func TestTable(t *testing.T) {
	form := regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	seen := map[string]bool{}
	for _, f := range Findings() {
		if !form.MatchString(f.ID) || seen[f.ID] || f.Title == "" {
			t.Errorf("%q, %q: no ID, not the first of it, or no title", f.ID, f.Title)
		}
		seen[f.ID] = true
		forms := 0
		for _, has := range []bool{f.rule.connection != nil, f.rule.pool != nil, f.rule.coldStart != nil, f.rule.across != nil} {
			if has {
				forms++
			}
		}
		if forms != 1 {
			t.Errorf("%s: its rule has %d forms", f.ID, forms)
		}
		e := f.Explanation()
		for what, text := range map[string]string{
			"meaning": e.Meaning, "evidence": e.Evidence, "refutation": e.RefutedBy, "remedy": e.Remedy} {
			if text == "" {
				t.Errorf("%s: no %s", f.ID, what)
			}
		}
		if got, ok := Lookup(f.ID); !ok || got.ID != f.ID {
			t.Errorf("%s is not found", f.ID)
		}
	}
	if _, ok := Lookup("no-such"); ok {
		t.Error("no-such was found")
	}
}

// Every finding is in a file of its own, named after its ID: so a reader finds
// the rule by what the report says.
func TestFindingsHaveFiles(t *testing.T) {
	for _, f := range Findings() {
		path := strings.ReplaceAll(f.ID, "-", "_") + ".go"
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Error(err)
			continue
		}
		rules := 0
		ast.Inspect(file, func(n ast.Node) bool {
			if c, ok := n.(*ast.CompositeLit); ok {
				if name, ok := c.Type.(*ast.Ident); ok && name.Name == "rule" {
					rules++
				}
			}
			return true
		})
		if rules != 1 {
			t.Errorf("%s has %d rules", path, rules)
		}
	}
}

// For every finding there is a script where it is found, and a near miss: one
// whose name says that it is not, and why.
func TestFindingsHaveScripts(t *testing.T) {
	paths, err := filepath.Glob("../testdata/story/*.txtar")
	if err != nil || len(paths) < 50 {
		t.Fatalf("%d scripts: %v", len(paths), err)
	}
	found, missed := map[string]bool{}, map[string]bool{}
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		_, report, _ := strings.Cut(string(b), "-- report --\n")
		name := filepath.Base(path)
		for _, f := range Findings() {
			in := strings.Contains("\n"+report, "\n"+f.ID+" ")
			near := strings.HasPrefix(name, f.ID+"-not-")
			found[f.ID] = found[f.ID] || in && strings.HasPrefix(name, f.ID)
			missed[f.ID] = missed[f.ID] || near
			if in && near {
				t.Errorf("%s: it has %s", name, f.ID)
			}
		}
	}
	for _, f := range Findings() {
		if !found[f.ID] || !missed[f.ID] {
			t.Errorf("%s: a script where it is found: %v; a near miss: %v", f.ID, found[f.ID], missed[f.ID])
		}
	}
}
