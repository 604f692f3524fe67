package html

import (
	"bufio"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/growth"
	"tcpwarm/analyze/report/text"
	"tcpwarm/analyze/report/timesequence"
)

var (
	//go:embed parts.html
	partsHTML string
	//go:embed page.html
	pageHTML string
	//go:embed page.css
	pageCSS string
	//go:embed page.js
	pageJS string
)

// functions are what the pages call. html/template escapes what they return for where it stands.
var functions = template.FuncMap{
	"css":     func() template.CSS { return template.CSS(pageCSS) },
	"js":      func() template.JS { return template.JS(pageJS) },
	"packets": packetFilter,
	"trim":    strings.TrimSpace,
	"list":    list,
	"name":    func(v any) string { return text.Name(fmt.Sprint(v)) },
	"said":    text.Statement,
	"held":    func(e report.Expectation) bool { return *e.Held },
	"evidence": func(r text.Reason) []int64 {
		c := r.Connections[0]
		return append(slices.Clone(c.OpenedBecause.Packets), c.FirstPacket)
	},
	"alike": alikeOf,
}

var page = parsed(pageHTML)

// parsed returns the template of a page, which may call what all pages share.
func parsed(page string) *template.Template {
	return template.Must(template.Must(template.New("page").Funcs(functions).Parse(partsHTML)).Parse(page))
}

// policy is the page's Content-Security-Policy: nothing is loaded, sent or embedded, and nothing runs but
// the one script, which is known by its hash.
var policy = "default-src 'none'; style-src " + hash(pageCSS) + "; script-src " + hash(pageJS) +
	"; base-uri 'none'; form-action 'none'"

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// Options say how much of a report a page tells. The zero value is what a page is for: all that is quickly drawn.
type Options struct {
	Top int  // pools that are told in full, the worst first; 0: as many as a page takes well
	All bool // all that are listed are told in full
}

// Recorded is what was recorded for pages while a capture was read, beside its report; nil: it was not.
type Recorded struct {
	Windows   *growth.Recorder
	Sequences *timesequence.Recorder
}

// Write writes r as one page of HTML, with what was recorded.
func Write(w io.Writer, r *report.Report, recorded Recorded, o Options) error {
	v := newView(r, recorded, o)
	v.Policy = policy
	return execute(w, page, v)
}

// execute writes the page that t makes of v.
func execute(w io.Writer, t *template.Template, v any) error {
	b := bufio.NewWriterSize(w, 1<<16)
	if err := t.Execute(b, v); err != nil {
		return err
	}
	return b.Flush()
}
