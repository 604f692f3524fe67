package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A place is where a README of the samples has a table: between two lines.
type place struct{ begin, end string }

var (
	tablePlace = place{"<!-- made by make pcaps from what the servers saw -->\n", "<!-- end of the table -->\n"}
	examPlace  = place{"<!-- made by make pcaps from what tcpwarm challenge says -->\n", "<!-- end of the tables -->\n"}
	listPlace  = place{"<!-- list made by make pcaps -->\n", "<!-- end of the list -->\n"}
)

var (
	tableRows = []string{"node18", "node", "node24", "axios18", "axios", "request18", "request", "agentkeepalive", "superagent", "got",
		"node-fetch", "undici", "undici8", "fetch", "fetch24", "ky", "reqwest11", "reqwest12", "reqwest", "hyper14", "hyper", "ureq",
		"go", "resty", "fasthttp", "grpc", "curl", "wget", "phpcurl", "guzzle", "nethttp", "faraday",
		"requests", "urllib3", "httpx", "aiohttp", "boto3", "httpclient",
		"java", "urlconnection", "okhttp4", "okhttp", "apache4", "apache", "chromium"}
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
			s := find(key + "-" + way)
			if s == nil {
				cells += " |"
				continue
			}
			t, err := readTruth(s.file(dir) + ".truth.json")
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

// list returns a line for each sample of a topic.
func list(dir, topic string) (string, error) {
	var b strings.Builder
	b.WriteString("| sample | client | requests | connections | needed |\n|---|---|--:|--:|--:|\n")
	for i := range scenarios {
		s := &scenarios[i]
		if s.topic() != topic {
			continue
		}
		t, err := readTruth(s.file(dir) + ".truth.json")
		if err != nil {
			return "", err
		}
		client := t.Client
		if s.speaksHTTP2() {
			client += ", HTTP/2"
		} else if s.isSecure() {
			client += ", TLS"
		}
		if t.Via != "" {
			client += ", behind " + t.Via
		}
		fmt.Fprintf(&b, "| %s | %s | %d | %d | %d |\n", s.name, client, t.Verdict.Transactions, t.Verdict.Used, s.needed(t))
	}
	return b.String(), nil
}

// needed is how many connections were needed in the outcome that the server saw.
func (s *scenario) needed(saw *truth) int {
	i := slices.IndexFunc(s.outcomes, func(o outcome) bool { return o.want.used == saw.Verdict.Used })
	return s.outcomes[max(i, 0)].want.needed
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

// topics are the folders with samples, sorted.
func topics() []string {
	var all []string
	for i := range scenarios {
		all = append(all, scenarios[i].topic())
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// putTables puts the tables into the READMEs of dir and its folders.
func putTables(dir string) error {
	for _, topic := range append(topics(), "") {
		readme := filepath.Join(dir, topic, "README.md")
		b, err := os.ReadFile(readme)
		if err != nil {
			return err
		}
		doc, err := filled(string(b), dir, topic)
		if err != nil {
			return fmt.Errorf("%s: %w", readme, err)
		}
		if err := os.WriteFile(readme, []byte(doc), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// filled returns a topic's README, or the one at the top ("") with its table in it.
func filled(doc, dir, topic string) (string, error) {
	if topic == "" {
		t, err := table(dir)
		if err != nil {
			return "", err
		}
		if doc, err = tablePlace.fill(doc, t); err != nil {
			return "", err
		}
		if t, err = examinedTables(dir); err != nil {
			return "", err
		}
		return examPlace.fill(doc, t)
	}
	l, err := list(dir, topic)
	if err != nil {
		return "", err
	}
	return listPlace.fill(doc, l)
}
