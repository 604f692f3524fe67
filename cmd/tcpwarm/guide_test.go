package main

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the output that the samples' README shows")

var shown = regexp.MustCompile("(?m)^    go run \\./cmd/tcpwarm (analyze|compare) (.+?)(?: \\| head -(\\d+))?\n\n```\n(?s:(.*?))^```\n")

// The samples' READMEs show real output: each command that has a block below it
// gives just that.
func TestGuide(t *testing.T) {
	files, err := filepath.Glob("../../pcaps/*/README.md")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, file := range append(files, "../../pcaps/README.md") {
		n += guide(t, file)
	}
	if n < 20 {
		t.Errorf("only %d commands with output found", n)
	}
}

var (
	commandLine = regexp.MustCompile(`(?m)^    .*tcpwarm (analyze|compare|verify|challenge|explain) .*$`)
	fenced      = regexp.MustCompile("(?ms)^```.*?^```\n")
	link        = regexp.MustCompile(`\]\(([^)#:]+)(?:#[^)]*)?\)`)
	headline    = regexp.MustCompile(`(?m)^    go run \./cmd/tcpwarm analyze (pcaps/\S+)\n\n([A-Z ]+): (.*\n?.*)`)
)

// Each command in the samples' READMEs is followed by what it gives, whole or its first line in a
// sentence; what they and README lead to is there.
func TestGuideLacksNothing(t *testing.T) {
	files, err := filepath.Glob("../../pcaps/*/README.md")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("COLUMNS", "200")
	for _, file := range append(files, "../../pcaps/README.md", "../../README.md") {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text := string(b)
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(file), m[1])); err != nil {
				t.Errorf("%s: %v", file, err)
			}
		}
		if file == "../../README.md" {
			continue // whose commands have tests of their own
		}
		for _, m := range headline.FindAllStringSubmatch(text, -1) {
			var out bytes.Buffer
			run(context.Background(), []string{"analyze", "../../" + m[1]}, nil, &out, &out)
			first, _, _ := strings.Cut(out.String(), "\n")
			verdict, summary, _ := strings.Cut(first, "   ")
			begin, _, _ := strings.Cut(strings.ReplaceAll(m[3], "\n", " "), ".")
			begin, _, _ = strings.Cut(begin, " (")
			if verdict != m[2] || !strings.HasPrefix(summary, begin) {
				t.Errorf("%s: %s: it says %q, the command %q", file, m[1], m[2]+": "+begin, first)
			}
		}
		rest := headline.ReplaceAllString(shown.ReplaceAllString(text, ""), "")
		if line := commandLine.FindString(fenced.ReplaceAllString(rest, "")); line != "" {
			t.Errorf("%s: no output follows %q", file, line)
		}
	}
}

// guide holds the commands of one README, and returns how many it has.
func guide(t *testing.T, file string) (n int) {
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	doc := shown.ReplaceAllStringFunc(string(b), func(block string) string {
		n++
		m := shown.FindStringSubmatch(block)
		var out, errs bytes.Buffer
		if code := run(context.Background(), append([]string{m[1]}, strings.Fields(strings.ReplaceAll(m[2], "pcaps/", "../../pcaps/"))...), nil, &out, &errs); code != exitOK {
			t.Errorf("%s: exit code %d: %s", m[2], code, errs.String())
		}
		got := out.String()
		if m[3] != "" {
			lines, _ := strconv.Atoi(m[3])
			got = strings.Join(strings.SplitAfterN(got, "\n", lines+1)[:lines], "")
		}
		if got != m[4] && !*update {
			t.Errorf("%s: the README shows\n%s\nthe command gives\n%s", m[2], m[4], got)
		}
		head, _, _ := strings.Cut(block, "```\n")
		return head + "```\n" + got + "```\n"
	})
	if *update {
		if err := os.WriteFile(file, []byte(doc), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return n
}
