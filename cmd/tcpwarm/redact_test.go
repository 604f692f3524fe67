package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
	"golang.org/x/net/html"

	"tcpwarm/analyze"
	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/redact"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/text"
	"tcpwarm/capture"
	"tcpwarm/capture/segment"
	"tcpwarm/pcaps/script"
)

const sharedAgent = "../../pcaps/node-shared-agent.pcap"

// With --redact every story says the same of itself, and nothing of whose it is: in no
// format, and not between the lines of a finding.
func TestRedacted(t *testing.T) {
	paths, err := filepath.Glob("../../analyze/testdata/story/*.txtar")
	if err != nil || len(paths) < 50 {
		t.Fatalf("%d stories: %v", len(paths), err)
	}
	told := 0
	if testing.Short() {
		paths = slices.DeleteFunc(paths, func(path string) bool { return len(path)%16 != 0 })
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			capture := storyPcap(t, path)
			plain, kept := reported(t, capture), reported(t, capture, "--redact")
			for _, r := range []*report.Report{plain, kept} {
				if r.Verdict != plain.Verdict || len(r.Pools) != len(plain.Pools) || !equalJSON(t, r.Totals, plain.Totals) {
					t.Errorf("%s, %d pools, %+v\nit was %s, %d, %+v", r.Verdict, len(r.Pools), r.Totals, plain.Verdict, len(plain.Pools), plain.Totals)
				}
			}
			secrets := secretsOf(plain)
			told += len(secrets)
			for format, out := range everyFormat(t, capture) {
				for s := range secrets {
					if strings.Contains(out, s) {
						t.Errorf("%s: %q is told", format, s)
					}
				}
			}
		})
	}
	if told < 2*len(paths) {
		t.Errorf("the stories tell only of %d names and addresses", told)
	}
}

// everyFormat returns what is written of a capture with --redact: in each format that
// there is, in files beside it, and line by line while a capture goes on. One run writes them all but ndjson, which
// keeps no connections for others.
func everyFormat(t *testing.T, capture []byte) map[string]string {
	dir := t.TempDir()
	all, files := map[string]string{}, map[string]string{}
	file := func(what string) string {
		files[what] = filepath.Join(dir, what)
		return files[what]
	}
	t.Setenv("GITHUB_STEP_SUMMARY", file("summary"))
	var o output
	o.flags(pflag.NewFlagSet("", pflag.ContinueOnError))
	args := []string{"--redact", "--format", "github", "--series", file("series")}
	for _, kind := range slices.Concat(o.format.words, o.format.files) {
		if kind != "ndjson" && kind != pcapngKind { // which is refused
			args = append(args, "--report", kind+"="+file(kind))
		}
	}
	all["github, on standard output"] = analyzed(t, capture, args...)
	all["ndjson"] = analyzed(t, capture, "--redact", "--format", "ndjson")
	for what, path := range files {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all[what] = string(b)
	}
	all["html"] = fromPackets(t, all["html"])
	all["live"] = liveLines(t, capture)
	return all
}

// fromPackets returns what of a page of HTML can be of the capture: its text, its attributes and its
// data, but not its elements' names, its style and its script.
func fromPackets(t *testing.T, page string) string {
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for n := range root.Descendants() {
		code := n.Parent.Data == "style" || n.Parent.Data == "script" && len(n.Parent.Attr) == 0
		if n.Type == html.TextNode && !code {
			fmt.Fprintln(&b, n.Data)
		}
		for _, a := range n.Attr {
			fmt.Fprintln(&b, a.Val)
		}
	}
	return b.String()
}

// liveLines returns the lines that tell of a capture while it goes on, with stand-ins.
func liveLines(t *testing.T, packets []byte) string {
	src, err := capture.OpenReader("-", bytes.NewReader(packets))
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	var b strings.Builder
	_, err = analyze.Run(t.Context(), src, analyze.Options{
		Redact: redact.New(),
		Watch:  func(d *pool.Decision) { fmt.Fprintln(&b, text.OpenedLine(d)) },
		VerdictChanged: func(p *pool.Pool, now segment.Time, was, is pool.Verdict) {
			fmt.Fprintln(&b, text.VerdictLine(p, now, was, is))
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Who is to be judged is still said by its own name.
func TestServerByItsNameWhereRedacted(t *testing.T) {
	capture := storyPcap(t, "../../analyze/testdata/story/pool-key-split.txtar")
	for server, code := range map[string]int{"a.example": 0, "a.example:80": 0, "10.0.0.2:80": 1, "c.example": exitUnknown, "10.0.0.3": exitUnknown} {
		args := []string{"verify", "--redact", "--server", server, "--expect", "connections==1", "-r", "-"}
		if got := run(t.Context(), args, bytes.NewReader(capture), io.Discard, io.Discard); got != code {
			t.Errorf("--server %s: exit code %d, want %d", server, got, code)
		}
	}
}

// storyPcap returns the capture that a story tells.
func storyPcap(t *testing.T, path string) []byte {
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	a, err := script.ParseArchive(string(b))
	if err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	if err := a.Script.WritePcap(&buf); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func analyzed(t *testing.T, capture []byte, flags ...string) string {
	var out, errs bytes.Buffer
	if code := run(t.Context(), append(append([]string{"analyze"}, flags...), "-"), bytes.NewReader(capture), &out, &errs); code != 0 {
		t.Fatalf("%v: exit code %d: %s", flags, code, errs.String())
	}
	return out.String()
}

func reported(t *testing.T, capture []byte, flags ...string) *report.Report {
	r := new(report.Report)
	if err := json.Unmarshal([]byte(analyzed(t, capture, append(flags, "--format", "json")...)), r); err != nil {
		t.Fatal(err)
	}
	return r
}

// secretsOf returns the addresses, names and targets of r that are long enough to be
// told from other text.
func secretsOf(r *report.Report) map[string]bool {
	all := map[string]bool{}
	add := func(list ...string) {
		for _, s := range list {
			if len(s) > 3 {
				all[s] = true
			}
		}
	}
	targets := func(list []*report.Transaction) {
		for _, t := range list {
			add(t.Target)
		}
	}
	servers := map[string]bool{} // their ports
	for _, c := range r.Connections {
		servers[c.Server[strings.LastIndexByte(c.Server, ':'):]] = true
	}
	for _, c := range r.Connections {
		for _, e := range []string{c.Client, c.Server} {
			add(strings.Trim(e[:strings.LastIndexByte(e, ':')], "[]"))
		}
		if port := c.Client[strings.LastIndexByte(c.Client, ':'):]; !servers[port] {
			add(port + `"`) // in JSON
		}
		add(c.Name)
		if c.TLS != nil {
			add(c.TLS.ServerName)
		}
		targets(c.Transactions)
		if c.Tunnel != nil {
			add(c.Tunnel.Target)
			targets(c.Tunnel.Transactions)
		}
	}
	for _, p := range r.Pools {
		add(p.Client, p.Name)
	}
	return all
}

func equalJSON(t *testing.T, a, b any) bool {
	x, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	y, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Equal(x, y)
}

// The names of files tell of whom a capture is, and what is no usual method may be a secret.
func TestFilesAndMethodsAreRedacted(t *testing.T) {
	const secret = "UNUSUAL-SECRET"
	packets := packetsOf(t, `conn a 10.0.0.1:40000 10.0.0.2:80
a: 0 > S 0:0(0) <mss 1460>
a: +0.01 < S. 0:0(0) ack 1 <mss 1460>
a: +0 > . 1:1(0) ack 1
a: +0 > P. + ack + "`+secret+` / HTTP/1.1\r\nHost: a\r\n\r\n"
a: +0.01 < P. + ack + "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
a: +0 > . +(0) ack +
`)
	file := filepath.Join(t.TempDir(), secret+".pcap")
	if err := os.WriteFile(file, packets[:len(packets)-5], 0o600); err != nil { // cut short: a problem names it
		t.Fatal(err)
	}
	for format, told := range map[string]bool{"text": true, "json": true, "junit": true, "github": true, "html": true} {
		for _, redacted := range []bool{false, true} {
			args := []string{"verify", "-r", file, "--format", format, "--expect", "connections<=1"}
			if redacted {
				args = append(args, "--redact")
			}
			var out bytes.Buffer
			run(t.Context(), args, strings.NewReader(""), &out, io.Discard)
			if got := strings.Contains(out.String(), secret); got != (told && !redacted) && (redacted || format == "json" || format == "html") {
				t.Errorf("%s, redacted %v: told %v:\n%s", format, redacted, got, &out)
			}
		}
	}
}

// So do those of files that could not be written.
func TestFilesNotWrittenAreRedacted(t *testing.T) {
	const secret = "SECRET"
	dir := t.TempDir()
	name := filepath.Join(dir, secret)
	if err := os.Mkdir(name, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, flags := range [][]string{{"--report", "html=" + name}, {"--report", "html=" + name + "/."}, {"--report", "perfetto=" + name + "/absent/x"},
		{"--series", name}, {"--series", name + "/absent/x"}} {
		for _, redacted := range []bool{false, true} {
			beside := filepath.Join(dir, "beside")
			args := slices.Concat([]string{"analyze", "--format", "html"}, flags, []string{"--report", "perfetto=" + beside, sharedAgent})
			if redacted {
				args = append(args, "--redact")
			}
			var out bytes.Buffer
			if code := run(t.Context(), args, nil, &out, io.Discard); code != exitInput {
				t.Errorf("%v: exit code %d", args, code)
			}
			trace, err := os.ReadFile(beside)
			if err != nil {
				t.Fatal(err)
			}
			for what, told := range map[string]string{"page": out.String(), "trace": string(trace)} {
				if strings.Contains(told, secret) == redacted || !strings.Contains(told, "not-written") && what == "trace" {
					t.Errorf("%v: in the %s it is told %v", args, what, !redacted)
				}
			}
		}
	}
}

// packetsOf returns the capture that a packet script tells.
func packetsOf(t *testing.T, text string) []byte {
	t.Helper()
	s, err := script.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	var pcap bytes.Buffer
	if err := s.WritePcap(&pcap); err != nil {
		t.Fatal(err)
	}
	return pcap.Bytes()
}
