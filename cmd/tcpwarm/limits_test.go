package main

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// Where only text is asked for fewer connections and transactions are kept, and it says what was not; totals count all.
func TestTextSaysWhatIsNotKept(t *testing.T) {
	const connections = textConnections + 300
	path, _ := benchCapture(t, connections, 100)
	var out, errs bytes.Buffer
	if code := run(t.Context(), []string{"analyze", path}, strings.NewReader(""), &out, &errs); code != exitOK {
		t.Fatalf("exit code %d: %s", code, &errs)
	}
	words := strings.Join(strings.Fields(out.String()), " ")
	for _, want := range []string{
		fmt.Sprintf(`^PARTLY REUSED \d+ of \d{5} requests reused a connection; %d opened, `, connections),
		fmt.Sprintf(`records-not-kept: \d+: closed connections beyond the %d, or a quarter of 256 MiB, kept in full; totals `,
			textConnections),
		fmt.Sprintf(`transactions-not-kept: \d+: transactions beyond the %d, or their part of 256 MiB, kept in full, `,
			textTransactions),
	} {
		if !regexp.MustCompile(want).MatchString(words) {
			t.Errorf("%s is not said:\n%s", want, &out)
		}
	}
}
