package main

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"

	servers "tcpwarm/pcaps/scenario"
)

//go:embed scenarios.txt
var declared string

// scenarios are all there is to record, in the order of scenarios.txt.
var scenarios = mustDeclare(declared)

func mustDeclare(text string) (all []scenario) {
	for i, line := range strings.Split(text, "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		s, err := declare(line)
		if err != nil {
			panic(fmt.Sprintf("scenarios.txt:%d: %v", i+1, err)) // it is part of the program
		}
		all = append(all, s)
	}
	return all
}

// declare reads one line of scenarios.txt, whose head tells of its words.
func declare(line string) (s scenario, err error) {
	f := strings.Fields(line)
	if len(f) < 4 {
		return s, fmt.Errorf("%d words, want a name, a client, a server and what must come out", len(f))
	}
	s.name, s.client, s.mode = f[0], f[1], usualMode(f[0])
	if _, ok := clients[s.client]; !ok {
		return s, fmt.Errorf("no client %q", s.client)
	}
	// A server of tcpwarm challenge has the name of its scenario.
	if trap, ok := servers.Lookup(f[2]); ok {
		s.trap, s.mode = trap, linesMode
	} else if s.server, err = named("server", serverOptions, f[2]); err != nil {
		return s, err
	}
	for _, text := range strings.Split(f[3], either) {
		w, err := parseWant(text)
		if err != nil {
			return s, err
		}
		s.outcomes = append(s.outcomes, outcome{want: w})
	}
	for _, word := range f[4:] {
		if err := s.set(word); err != nil {
			return s, err
		}
	}
	return s, nil
}

// usualMode is the last word of a sample's name, before what says how it was served.
func usualMode(name string) string {
	name = strings.TrimSuffix(strings.TrimSuffix(name, "-tls"), "-h2")
	return name[strings.LastIndexByte(name, '-')+1:]
}

// set takes one word of the form key=value.
func (s *scenario) set(word string) (err error) {
	key, value, _ := strings.Cut(word, "=")
	switch key {
	case "mode":
		s.mode = value
	case "path":
		s.path, err = named(key, paths, value)
	case "via":
		s.via = value
	case "snap":
		s.snap, err = named(key, snaps, value)
	case "after":
		s.after = value
	case "stale":
		err = s.each(key, value, func(o *outcome, value string) (err error) {
			o.stale, err = strconv.Atoi(value)
			return err
		})
	case "finds":
		err = s.each(key, value, func(o *outcome, value string) error {
			o.finds = strings.ReplaceAll(value, ",", " ")
			return nil
		})
	case "front":
		s.front, err = parseWant(value)
	default:
		err = fmt.Errorf("no word %q", key)
	}
	return err
}

// either is between what belongs to different outcomes.
const either = "|"

// each sets something of each outcome: one value is that of all.
func (s *scenario) each(key, value string, set func(*outcome, string) error) error {
	values := strings.Split(value, either)
	if len(values) != 1 && len(values) != len(s.outcomes) {
		return fmt.Errorf("%s has %d values for %d outcomes", key, len(values), len(s.outcomes))
	}
	for i := range s.outcomes {
		if err := set(&s.outcomes[i], values[min(i, len(values)-1)]); err != nil {
			return err
		}
	}
	return nil
}

// named returns what is called name among all, which are of a kind.
func named[T any](kind string, all map[string]T, name string) (T, error) {
	v, ok := all[name]
	if !ok {
		return v, fmt.Errorf("no %s %q", kind, name)
	}
	return v, nil
}

// parseWant reads USED/NEEDED, and behind them a cause, "ended" or "vain".
func parseWant(text string) (w want, err error) {
	f := strings.Split(text, "/")
	if len(f) < 2 {
		return w, fmt.Errorf("%q is no outcome", text)
	}
	if w.used, err = strconv.Atoi(f[0]); err != nil {
		return w, err
	}
	if w.needed, err = strconv.Atoi(f[1]); err != nil {
		return w, err
	}
	for _, word := range f[2:] {
		switch word {
		case "ended":
			w.ended = true
		case "vain":
			w.vain = true
		default:
			w.why = word
		}
	}
	return w, nil
}
