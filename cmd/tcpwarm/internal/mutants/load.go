package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// A pkg is what go list says of a package.
type pkg struct {
	ImportPath, Name, Dir, Export string
	DepOnly                       bool
	GoFiles                       []string
	TestGoFiles, XTestGoFiles     []string
}

func list(args ...string) ([]pkg, error) {
	cmd := exec.Command("go", append([]string{"list",
		"-json=ImportPath,Name,Dir,Export,DepOnly,GoFiles,TestGoFiles,XTestGoFiles"}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	var all []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); d.More(); {
		var p pkg
		if err := d.Decode(&p); err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

// load parses and types the packages that patterns name, but for those like except.
func load(patterns []string, except *regexp.Regexp) ([]*file, error) {
	all, err := list(append([]string{"-export", "-deps"}, patterns...)...)
	if err != nil {
		return nil, err
	}
	exports := map[string]string{}
	for _, p := range all {
		exports[p.ImportPath] = p.Export
	}
	fset := token.NewFileSet()
	imports := importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) {
		if exports[path] == "" {
			return nil, errors.New("no export data of " + path)
		}
		return os.Open(exports[path])
	})
	var files []*file
	for _, p := range all {
		if p.DepOnly || except != nil && except.MatchString(p.ImportPath) {
			continue
		}
		of, err := typed(fset, imports, p)
		if err != nil {
			return nil, err
		}
		files = append(files, of...)
	}
	return files, nil
}

func typed(fset *token.FileSet, imports types.Importer, p pkg) ([]*file, error) {
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{}}
	var files []*file
	var trees []*ast.File
	for _, name := range p.GoFiles {
		path := filepath.Join(p.Dir, name)
		src, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		tree, err := parser.ParseFile(fset, path, src, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		trees = append(trees, tree)
		files = append(files, &file{path: path, dir: p.Dir, name: p.Name, fset: fset, tree: tree, src: src, info: info})
	}
	config := types.Config{Importer: imports}
	if _, err := config.Check(p.ImportPath, fset, trees, info); err != nil {
		return nil, err
	}
	return files, nil
}
