package jsonreport

import (
	"encoding/json"
	"io"

	"tcpwarm/analyze/report/examined"
	"tcpwarm/analyze/report/printable"
)

// WriteExamined writes what came of many scenarios as one object.
func WriteExamined(w io.Writer, r *examined.Report) error {
	b, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(printable.JSON(b), '\n'))
	return err
}
