package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
)

// A row of the table is what came of a kind.
type row struct {
	kind         *kind
	small, large *measure // nil: none
	broken       error    // what was promised and did not hold
}

func (r row) String() string {
	cells := []string{r.kind.does, "", "", "", "", "", r.result()}
	if r.small != nil {
		cells[1], cells[2], cells[4] = thousands(r.small.n), seconds(r.small), megabytes(r.small)
	}
	if r.large != nil {
		cells[3], cells[5] = seconds(r.large), megabytes(r.large)
	}
	return "| " + strings.Join(cells, " | ") + " |"
}

func (r row) result() string {
	switch {
	case r.broken != nil:
		return "BROKEN: " + strings.ReplaceAll(r.broken.Error(), "|", "/")
	case r.kind.want != nil:
		return "right verdict: " + r.large.Verdict
	}
	return "holds"
}

func seconds(m *measure) string { return fmt.Sprintf("%.2f", m.cpu.Seconds()) }

func megabytes(m *measure) string { return fmt.Sprint(m.peak / 1e6) }

// thousands writes n in groups of three digits.
func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + " " + s[i:]
	}
	return s
}

const (
	tableBegin = "<!-- robust: make robust writes what follows -->\n"
	tableEnd   = "<!-- robust: end -->\n"
	tableHead  = "\n| tried | n | CPU s | at 10 n | MB | at 10 n | result |\n|---|--:|--:|--:|--:|--:|---|\n"
)

// tableOf returns what stands between the markers of a README, and what stands before and after.
func tableOf(readme []byte) (before, table, after []byte, err error) {
	before, rest, ok := bytes.Cut(readme, []byte(tableBegin))
	table, after, ok2 := bytes.Cut(rest, []byte(tableEnd))
	if !ok || !ok2 {
		return nil, nil, nil, fmt.Errorf("there is no %s... %s", tableBegin, tableEnd)
	}
	return before, table, after, nil
}

// writeTable puts the rows between the markers of a README.
func writeTable(name string, rows []row) error {
	old, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	before, _, after, err := tableOf(old)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	var b bytes.Buffer
	b.Write(before)
	b.WriteString(tableBegin + tableHead)
	for _, r := range rows {
		fmt.Fprintln(&b, r)
	}
	b.WriteString("\n" + tableEnd)
	b.Write(after)
	return os.WriteFile(name, b.Bytes(), 0o644)
}
