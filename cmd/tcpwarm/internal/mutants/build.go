package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// overlay writes the changed files into folder, and what go build wants to know of them.
func overlay(folder string, picked []*place) (string, error) {
	byFile := map[*file][]*place{}
	for _, p := range picked {
		byFile[p.file] = append(byFile[p.file], p)
	}
	replace := map[string]string{}
	put := func(path, text string) error {
		to := filepath.Join(folder, fmt.Sprintf("%d.go", len(replace)))
		replace[path] = to
		return os.WriteFile(to, []byte(text), 0o600)
	}
	for f, places := range byFile {
		if err := put(f.path, rewritten(f, places)); err != nil {
			return "", err
		}
		if help := filepath.Join(f.dir, "mutants_overlay.go"); replace[help] == "" {
			if err := put(help, fmt.Sprintf(helper, f.name, len(picked))); err != nil {
				return "", err
			}
		}
	}
	b, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	path := filepath.Join(folder, "overlay.json")
	return path, os.WriteFile(path, b, 0o600)
}

// A binary is a package's tests, compiled with all mutants.
type binary struct {
	pkg  pkg
	path string
}

func compile(folder, overlay string, pkgs []pkg) ([]*binary, error) {
	var all []*binary
	for _, p := range pkgs {
		if len(p.TestGoFiles)+len(p.XTestGoFiles) == 0 {
			continue
		}
		b := &binary{p, filepath.Join(folder, fmt.Sprintf("%d.test", len(all)))}
		cmd := exec.Command("go", "test", "-c", "-vet=off", "-pgo=off", "-ldflags=-s -w", "-overlay", overlay, "-o", b.path, p.ImportPath)
		if out, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("%s: %w\n%s", p.ImportPath, err, out)
		}
		all = append(all, b)
	}
	return all, nil
}
