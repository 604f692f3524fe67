package html

import (
	_ "embed"
	"fmt"
	"io"
	"strings"

	"tcpwarm/analyze/report/compare"
	"tcpwarm/analyze/report/text"
)

//go:embed compare.html
var comparisonHTML string

var comparisonPage = parsed(comparisonHTML)

// stillPolicy is the Content-Security-Policy of a page without a script.
var stillPolicy = "default-src 'none'; style-src " + hash(pageCSS) + "; base-uri 'none'; form-action 'none'"

// A comparisonView is what the template shows of a comparison.
type comparisonView struct {
	*compare.Comparison
	Policy, Title, Word, Tone string
	Sides                     []sideView
	Rows                      []text.ComparisonRow
	Servers                   []serverView // some of Authorities
	Unlisted                  string       // the others, "" if there are none
}

// A serverView is a server with another number of avoidable connections than before.
type serverView struct {
	Name string
	compare.Authority
}

// A sideView is one of the two reports that are compared.
type sideView struct {
	When     string
	Sources  []string
	Setbacks []string
	Shares   []share
}

// WriteComparison writes c as one page of HTML.
func WriteComparison(w io.Writer, c *compare.Comparison) error {
	word := strings.ToUpper(string(c.Change))
	v := &comparisonView{Comparison: c, Policy: stillPolicy, Title: "tcpwarm compare: " + word, Word: word,
		Tone: map[compare.Change]string{compare.Better: "good", compare.Worse: "bad", compare.Undecided: "warn"}[c.Change],
		Rows: text.ComparisonRows(c)}
	v.Sides = []sideView{sideOf("before", &c.Before), sideOf("after", &c.After)}
	for i := range c.Authorities[:min(len(c.Authorities), mostListed)] {
		a := &c.Authorities[i]
		v.Servers = append(v.Servers, serverView{a.Label(text.Name), *a})
	}
	if more := len(c.Authorities) - len(v.Servers); more > 0 {
		v.Unlisted = fmt.Sprintf("%d more are not listed", more)
	}
	return execute(w, comparisonPage, v)
}

func sideOf(when string, s *compare.Side) sideView {
	c := text.ContentOf(s.Report)
	return sideView{when, c.Sources, c.Setbacks, sharesOf(&s.Totals)}
}
