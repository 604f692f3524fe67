package text

import (
	"io"
	"strings"

	"tcpwarm/analyze/report/printable"
	"tcpwarm/analyze/verdict/explain"
)

// WriteEntry writes e for a terminal of width columns.
func WriteEntry(w io.Writer, e explain.Entry, width int) error {
	p := newPage(w, width, false)
	p.wrap("", 2, e.ID+"   "+e.Title)
	section := func(label, text string) {
		if text != "" {
			p.line("")
			p.wrap("  "+label+strings.Repeat(" ", labelColumns-2-len(label)), labelColumns, text)
		}
	}
	section("meaning", e.Meaning)
	section("evidence", e.Evidence)
	section("refuted if", e.RefutedBy)
	section("remedy", e.Remedy)
	section("at server", e.AtServer)
	for i, k := range e.Knobs {
		if i == 0 {
			p.line("")
			p.line("  knobs")
		}
		p.wrap("    "+k.Library()+strings.Repeat(" ", max(1, 22-printable.Columns(k.Library()))), 26, k.Setting())
	}
	return p.flush()
}
