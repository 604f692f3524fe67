package html

import (
	_ "embed"
	"html/template"
	"io"

	"tcpwarm/analyze/report/examined"
	"tcpwarm/analyze/report/text"
)

//go:embed examined.html
var examinedHTML string

var examinedPage = template.Must(template.New("examined").Funcs(functions).Parse(examinedHTML))

// An examinedView is what the template shows of a client that was examined.
type examinedView struct {
	*text.Examined
	Policy string
}

// WriteExamined writes what came of many scenarios as one page of HTML.
func WriteExamined(w io.Writer, r *examined.Report) error {
	return execute(w, examinedPage, &examinedView{text.ExaminedOf(r), stillPolicy})
}
