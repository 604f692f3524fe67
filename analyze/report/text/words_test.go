package text

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"tcpwarm/analyze/verdict/explain"
)

var (
	labelled = regexp.MustCompile(`p\.facts\("([^"]+)"`)
	columned = regexp.MustCompile(`heading \+?:?= "([^"]+)"`)
	rowed    = regexp.MustCompile(`(?:\s(?:row|numbers)\(|ComparisonRow{{Label: )"([^"]+)"`)
)

// Every label, column and mark of the text is explained.
func TestWordsExplained(t *testing.T) {
	var words []string
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, re := range []*regexp.Regexp{labelled, columned, rowed} {
			for _, m := range re.FindAllStringSubmatch(string(b), -1) {
				for _, w := range regexp.MustCompile(`  +|, |#`).Split(m[1], -1) {
					if strings.TrimSpace(w) != "" {
						words = append(words, w)
					}
				}
			}
		}
	}
	words = append(words, columns[:]...)
	for _, m := range marks {
		words = append(words, strings.Split(m.meaning, ", ")...)
	}
	if len(words) < 25 {
		t.Errorf("only %q found in the code", words)
	}
	for _, w := range words {
		if _, ok := explain.Lookup(w); !ok {
			t.Errorf("%q is not explained", w)
		}
	}
}
