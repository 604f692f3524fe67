package main

import (
	"strings"
	"testing"
)

// Every scenario can be set up: names differ and say the algorithm, and what they ask for exists.
func TestScenarios(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range scenarios {
		if seen[s.Name] || !strings.Contains(s.Name, s.Algorithm) {
			t.Errorf("%s: the name was given before, or does not say %s", s.Name, s.Algorithm)
		}
		seen[s.Name] = true
		if s.RTTms <= 0 || s.Data.Mbits <= 0 || len(s.Carried.Exchanges) == 0 {
			t.Errorf("%s: no round trip, no rate or nothing to transfer", s.Name)
		}
		switch s.Carried.Protocol {
		case "", "http", "tls", "h2":
		default:
			t.Errorf("%s: protocol %q", s.Name, s.Carried.Protocol)
		}
		for _, r := range s.Carried.Exchanges {
			if r.Size <= 0 || (r.Every > 0) != (r.Piece > 0) {
				t.Errorf("%s: %+v", s.Name, r)
			}
		}
	}
	if len(scenarios) < 36 {
		t.Errorf("%d scenarios", len(scenarios))
	}
}
