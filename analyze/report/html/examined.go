package html

import (
	_ "embed"
	"io"

	"tcpwarm/analyze/report/examined"
	"tcpwarm/analyze/report/text"
)

//go:embed examined.html
var examinedHTML string

var examinedPage = parsed(examinedHTML)

// An examinedView is what the template shows of a client that was examined.
type examinedView struct {
	*text.Examined
	Policy, Title string
}

// WriteExamined writes what came of many scenarios as one page of HTML.
func WriteExamined(w io.Writer, r *examined.Report) error {
	x := text.ExaminedOf(r)
	return execute(w, examinedPage, &examinedView{x, stillPolicy, "tcpwarm challenge: " + x.Word})
}
