package main

import (
	_ "embed"
	"fmt"
	"strings"
)

// equivalents are mutants that change nothing anybody can see: a function and a line of
// it, and below, further in, a change and why. The line and the change may be "*", for all.
//
//go:embed equivalent.txt
var equivalents string

// reason returns why p is equivalent, "" if it is not known to be, and the key that says so.
func (p *place) reason(known map[string]string) (why, key string) {
	for _, key := range []string{p.key(), p.fn + "\x00" + p.text + "\x00*", p.fn + "\x00*\x00*"} {
		if why := known[key]; why != "" {
			return why, key
		}
	}
	return "", ""
}

// known reads equivalents: reasons by the place's key.
func known(text string) (map[string]string, error) {
	reasons := map[string]string{}
	fn, line, key := "", "", ""
	n := 0
	for l := range strings.Lines(text) {
		n++
		l = strings.TrimRight(l, " \n")
		switch {
		case l == "" || l[0] == '#':
		case strings.HasPrefix(l, "\t\t"): // goes on
			if key == "" {
				return nil, fmt.Errorf("equivalent.txt:%d: nothing goes on here", n)
			}
			reasons[key] += " " + strings.TrimSpace(l)
		case l[0] == '\t':
			change, why, ok := strings.Cut(l[1:], ": ")
			if !ok || line == "" {
				return nil, fmt.Errorf("equivalent.txt:%d: want a change, a colon and why, below a function and its line", n)
			}
			key = fn + "\x00" + line + "\x00" + change
			reasons[key] = why
		default:
			var ok bool
			if fn, line, ok = strings.Cut(l, ": "); !ok {
				return nil, fmt.Errorf("equivalent.txt:%d: want a function, a colon and a line of it", n)
			}
			key = ""
		}
	}
	return reasons, nil
}
