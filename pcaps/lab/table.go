package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A place is where the samples' README has a table: between two lines.
type place struct{ begin, end string }

var (
	tablePlace = place{"<!-- made by make pcaps from what the servers saw -->\n", "<!-- end of the table -->\n"}
	listPlace  = place{"<!-- list made by make pcaps -->\n", "<!-- end of the list -->\n"}
)

var (
	tableRows = []string{"node18", "node", "axios18", "axios", "request18", "request", "agentkeepalive", "undici",
		"fetch", "reqwest", "hyper", "go", "curl", "requests", "httpclient", "java"}
	tableColumns = []string{"default", "shared", "parallel", "unread", "idle"}
)

// table returns "Who really reuses?": for each client and way the connections
// that ten requests used, from the truths in dir.
func table(dir string) (string, error) {
	var b strings.Builder
	b.WriteString("| client | default | shared | 2 x 5 at once | bodies unread | a pause beyond the server's idle timeout |\n" +
		"|---|--:|--:|--:|--:|--:|\n")
	b.WriteString("| *an ideal client* | 1 | 1 | 5 | 1 | 2 |\n")
	for _, key := range tableRows {
		title, cells := "", ""
		for _, way := range tableColumns {
			t, err := readTruth(filepath.Join(dir, key+"-"+way+".truth.json"))
			if os.IsNotExist(err) {
				cells += " |"
				continue
			}
			if err != nil {
				return "", err
			}
			title = t.Client
			cells += fmt.Sprintf(" %d |", t.Verdict.Used)
		}
		if title != "" {
			fmt.Fprintf(&b, "| %s |%s\n", title, cells)
		}
	}
	return b.String(), nil
}

// list returns a line for each sample of dir that has a truth.
func list(dir string) (string, error) {
	var b strings.Builder
	b.WriteString("| sample | client | requests | connections | needed |\n|---|---|--:|--:|--:|\n")
	for i := range scenarios {
		s := &scenarios[i]
		t, err := readTruth(filepath.Join(dir, s.name+".truth.json"))
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			return "", err
		}
		client := t.Client
		if s.server.http2 {
			client += ", HTTP/2"
		} else if s.server.tls {
			client += ", TLS"
		}
		if t.Via != "" {
			client += ", behind " + t.Via
		}
		fmt.Fprintf(&b, "| %s | %s | %d | %d | %d |\n", s.name, client, t.Verdict.Transactions, t.Verdict.Used, s.want.needed)
	}
	return b.String(), nil
}

// fill puts text into the place in doc.
func (p place) fill(doc, text string) (string, error) {
	before, rest, ok := strings.Cut(doc, p.begin)
	_, after, ok2 := strings.Cut(rest, p.end)
	if !ok || !ok2 {
		return "", fmt.Errorf("the lines around the table are missing: %s", strings.TrimSpace(p.begin))
	}
	return before + p.begin + text + p.end + after, nil
}

// putTables puts both tables into dir's README.
func putTables(dir string) error {
	readme := filepath.Join(dir, "README.md")
	b, err := os.ReadFile(readme)
	if err != nil {
		return err
	}
	doc, err := filled(string(b), dir)
	if err != nil {
		return err
	}
	return os.WriteFile(readme, []byte(doc), 0o644)
}

// filled returns a README with the tables of dir in it.
func filled(doc, dir string) (string, error) {
	t, err := table(dir)
	if err != nil {
		return "", err
	}
	l, err := list(dir)
	if err != nil {
		return "", err
	}
	if doc, err = tablePlace.fill(doc, t); err != nil {
		return "", err
	}
	return listPlace.fill(doc, l)
}
