package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// refuseSameFiles refuses to write two things to one file, and anything over what is read: of both only pieces would
// be left. Packets may go where they came from, for they get their name when all have been read.
func (o *output) refuseSameFiles(read ...string) error {
	type written struct{ flag, name string }
	all := []written{{"--series", o.series}}
	for _, where := range o.reports {
		_, name, _ := strings.Cut(where, "=")
		all = append(all, written{fmt.Sprintf("--report %q", where), name})
	}
	for i, w := range all {
		for _, other := range all[:i] {
			if sameFile(w.name, other.name) {
				return fmt.Errorf("%s: %s goes to the same file", w.flag, other.flag)
			}
		}
		for _, name := range read {
			if sameFile(w.name, name) && !strings.HasPrefix(w.flag, `--report "`+pcapngKind+"=") {
				return fmt.Errorf("%s: this file is read, or keeps packets or keys; name another", w.flag)
			}
		}
	}
	return nil
}

// sameFile reports whether two names are of one file, which may not be there yet. Devices and pipes take
// whatever comes.
func sameFile(a, b string) bool {
	if a == "" || b == "" || a == "-" || b == "-" {
		return false
	}
	x, err := os.Stat(a)
	y, yerr := os.Stat(b)
	switch {
	case err == nil && yerr == nil:
		return x.Mode().IsRegular() && os.SameFile(x, y)
	case err == nil || yerr == nil:
		return false
	}
	a, err = filepath.Abs(a)
	b, yerr = filepath.Abs(b)
	return err == nil && yerr == nil && a == b
}
