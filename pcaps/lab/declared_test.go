package main

import (
	"strings"
	"testing"
)

// A line of scenarios.txt that is not what its head tells of is refused, and says why.
func TestDeclare(t *testing.T) {
	for line, want := range map[string]string{
		"go-each go plain 10/1/missed after=go-shared": "",
		"go-each go plain":                      "3 words",
		"go-each cobol plain 1/1":               `no client "cobol"`,
		"go-each go plane 1/1":                  `no server "plane"`,
		"go-each go plain 1":                    "no outcome",
		"go-each go plain 1/x":                  `parsing "x"`,
		"go-each go plain 1/1 path=wide":        `no path "wide"`,
		"go-each go plain 1/1 snap=heads":       `no snap "heads"`,
		"go-each go plain 1/1 stale=few":        `parsing "few"`,
		"go-each go plain 1/1 front=":           "no outcome",
		"go-each go plain 1/1|2":                "no outcome",
		"go-each go plain 1/1|2/2 stale=0|1":    "",
		"go-each go plain 1/1|2/2 finds=goaway": "",
		"go-each go plain 1/1|2/2 stale=0|1|2":  "3 values for 2 outcomes",
		"go-each go plain 1/1 afterwards=x":     `no word "afterwards"`,
	} {
		_, err := declare(line)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", line, err, want)
		}
	}
}

// A client that races with itself may come out in one of several ways, each with what belongs to it; and in no other.
func TestOutcomes(t *testing.T) {
	const sample = "reqwest-parallel-h2" // two connections carry a request
	for outcomes, want := range map[string]int{"2/2": 0, "1/1|2/2": 1, "2/2|1/1": 0, "1/1|2/2|3/3": 1, "1/1|3/3": -1, "1/1|2/1/missed": -1} {
		s, err := declare(sample + " reqwest h2-slow " + outcomes)
		if err != nil {
			t.Fatal(err)
		}
		problems, which, err := s.differs("..")
		if err != nil {
			t.Fatal(err)
		}
		if want < 0 && len(problems) == 0 || want >= 0 && (len(problems) > 0 || which != want) {
			t.Errorf("%s: outcome %d, %q; want %d", outcomes, which, problems, want)
		}
	}
	s, err := declare(sample + " reqwest h2-slow 1/1|2/2 finds=|goaway")
	if err != nil {
		t.Fatal(err)
	}
	if problems, _, _ := s.differs(".."); len(problems) == 0 {
		t.Error("the findings of another outcome are taken")
	}
}

// What a client is told is the last word of the sample's name, however it is served.
func TestUsualMode(t *testing.T) {
	for name, want := range map[string]string{
		"go-each": "each", "go-each-tls": "each", "go-each-h2": "each", "request-ca-tls": "ca", "node-keep-alive": "alive",
	} {
		if got := usualMode(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
