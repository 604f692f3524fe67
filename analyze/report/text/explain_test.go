package text

import (
	"bytes"
	"testing"

	"tcpwarm/analyze/verdict/explain"
)

func TestWriteEntry(t *testing.T) {
	for _, e := range explain.Entries() {
		for _, width := range []int{60, 80, 120} {
			var b bytes.Buffer
			if err := WriteEntry(&b, e, width); err != nil {
				t.Fatal(err)
			}
			checkLines(t, b.String(), width)
			if width == 80 && e.ID == "missed" {
				golden(t, "testdata/explain-missed.txt", b.String())
			}
		}
	}
}
