package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// The table stands in the samples' README between these lines.
const (
	tableBegin = "<!-- made by make pcaps from what the servers saw -->\n"
	tableEnd   = "<!-- end of the table -->\n"
)

var (
	tableRows    = []string{"node18", "node", "axios18", "axios", "request18", "request", "agentkeepalive", "undici", "fetch", "reqwest", "hyper", "go", "curl", "requests", "httpclient", "java"}
	tableColumns = []string{"default", "shared", "parallel", "unread", "idle"}
)

// table returns "Who really reuses?": for each client and way the connections
// that ten requests used, from the truths in dir.
func table(dir string) (string, error) {
	var b strings.Builder
	b.WriteString("| client | default | shared | 2 x 5 at once | bodies unread | a pause beyond the server's idle timeout |\n|---|--:|--:|--:|--:|--:|\n")
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

// putTable puts the table into dir's README.
func putTable(dir string) error {
	readme := filepath.Join(dir, "README.md")
	old, err := os.ReadFile(readme)
	if err != nil {
		return err
	}
	before, rest, ok := bytes.Cut(old, []byte(tableBegin))
	_, after, ok2 := bytes.Cut(rest, []byte(tableEnd))
	if !ok || !ok2 {
		return fmt.Errorf("%s: the lines around the table are missing", readme)
	}
	t, err := table(dir)
	if err != nil {
		return err
	}
	return os.WriteFile(readme, []byte(string(before)+tableBegin+t+tableEnd+string(after)), 0o644)
}
