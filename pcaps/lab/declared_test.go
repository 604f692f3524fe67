package main

import (
	"strings"
	"testing"
)

// A line of scenarios.txt that is not what its head tells of is refused, and says why.
func TestDeclare(t *testing.T) {
	for line, want := range map[string]string{
		"go-each go plain 10/1/missed after=go-shared": "",
		"go-each go plain":                  "3 words",
		"go-each cobol plain 1/1":           `no client "cobol"`,
		"go-each go plane 1/1":              `no server "plane"`,
		"go-each go plain 1":                "no outcome",
		"go-each go plain 1/x":              `parsing "x"`,
		"go-each go plain 1/1 path=wide":    `no path "wide"`,
		"go-each go plain 1/1 snap=heads":   `no snap "heads"`,
		"go-each go plain 1/1 stale=few":    `parsing "few"`,
		"go-each go plain 1/1 front=":       "no outcome",
		"go-each go plain 1/1 afterwards=x": `no word "afterwards"`,
	} {
		_, err := declare(line)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", line, err, want)
		}
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
