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
	t.Setenv("COLUMNS", "80")
	n := 0
	for _, file := range append(files, "../../pcaps/README.md") {
		n += guide(t, file)
	}
	if n < 20 {
		t.Errorf("only %d commands with output found", n)
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
