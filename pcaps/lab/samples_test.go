package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"tcpwarm/analyze"
	"tcpwarm/analyze/app/tls"
	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/text"
	"tcpwarm/capture"
)

// Each sample gives just what its server saw, and the verdict and causes its
// scenario declares.
func TestSamples(t *testing.T) {
	if n := checkFolder(t, ".."); n != len(scenarios) || n == 0 {
		t.Errorf("%d truths, want %d", n, len(scenarios))
	}
}

var update = flag.Bool("update", false, "rewrite golden files")

// TestGolden holds what is said of each sample: the text, and of the JSON what is
// judged, with each transaction's warmth.
func TestGolden(t *testing.T) {
	files := captures(t, "..", ".pcap")
	if len(files) == 0 {
		t.Fatal("no samples")
	}
	for _, file := range files {
		file = strings.TrimSuffix(file, ".pcap")
		t.Run(filepath.Base(file), func(t *testing.T) {
			_, err := os.Stat(file + ".keys")
			r := analyzed(t, file, err == nil)
			var b bytes.Buffer
			if err := text.Write(&b, r, text.Options{}); err != nil {
				t.Fatal(err)
			}
			name, err := filepath.Rel("..", file)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name+".txt", b.Bytes())
			golden(t, name+".json", judged(t, r))
		})
	}
}

// captures are the files of dir, and of its folders of samples, that end so.
func captures(t *testing.T, dir, suffix string) []string {
	top, err := filepath.Glob(filepath.Join(dir, "*"+suffix))
	if err != nil {
		t.Fatal(err)
	}
	below, err := filepath.Glob(filepath.Join(dir, "*", "*"+suffix))
	if err != nil {
		t.Fatal(err)
	}
	return append(top, below...)
}

// judged is the part of r's JSON that judges.
func judged(t *testing.T, r *report.Report) []byte {
	type opened struct {
		ID       int64                 `json:"id"`
		Protocol string                `json:"protocol"`
		Closed   report.Closed         `json:"closed"`
		Because  *report.OpenedBecause `json:"opened_because,omitempty"`
		Warmth   []report.Warmth       `json:"warmth"`
	}
	all := struct {
		Verdict     pool.Verdict     `json:"verdict"`
		Pools       []*report.Pool   `json:"pools"`
		Findings    []report.Finding `json:"findings"`
		Connections []opened         `json:"connections"`
	}{Verdict: r.Verdict, Pools: r.Pools, Findings: r.Findings}
	for _, c := range r.Connections {
		o := opened{ID: c.ID, Protocol: c.Protocol, Closed: c.Closed, Because: c.OpenedBecause}
		for _, x := range c.Transactions {
			o.Warmth = append(o.Warmth, x.Warmth)
		}
		all.Connections = append(all.Connections, o)
	}
	b, err := json.MarshalIndent(all, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return append(b, '\n')
}

// golden compares got with a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs (rewrite with -update). Got:\n%s", file, got)
	}
}

// TestWindows holds the window that each response of a path with a real round trip
// began with against the sending kernel's.
func TestWindows(t *testing.T) {
	compared := 0
	for i := range scenarios {
		s := &scenarios[i]
		if s.path == nil {
			continue
		}
		saw, err := readTruth(s.file("..") + ".truth.json")
		if err != nil {
			t.Fatal(err)
		}
		kernels := map[string]int{}
		for _, c := range saw.Connections {
			for _, q := range c.Requests {
				kernels[fmt.Sprintf("%s:%d %s", c.ClientAddr, c.ClientPort, q.Path)] = q.Window
			}
		}
		for _, c := range analyzed(t, s.file(".."), saw.Keys != "").Connections {
			for _, x := range c.Transactions {
				w, segments := x.WindowAtStart, int64(kernels[c.Client+" "+x.Target])
				if w == nil || segments == 0 {
					t.Errorf("%s: %s %s: no window, or none of the kernel's", s.name, c.Client, x.Target)
					continue
				}
				// A segment is 1448 bytes here. The kernel is asked after the first
				// packet is sent, and may have had an acknowledgement.
				const mss = 1448
				if compared++; w.Low > (segments+1)*mss || w.High < (segments-1)*mss {
					t.Errorf("%s: %s %s: window %d to %d, the kernel's was %d", s.name, c.Client, x.Target, w.Low/mss, w.High/mss, segments)
				}
				if grown := segments > 10; grown != (x.Warmth == report.Warm) && x.Warmth != report.Cooled {
					t.Errorf("%s: %s %s is %s, the kernel's window was %d", s.name, c.Client, x.Target, x.Warmth, segments)
				}
			}
		}
	}
	if compared == 0 {
		t.Error("no window was compared")
	}
}

// The quick clients, recorded afresh, come out as declared: the samples were no
// lucky ones.
func TestFreshRecording(t *testing.T) {
	switch {
	case testing.Short():
		t.Skip("short")
	case runtime.GOOS != "linux" || os.Getuid() != 0:
		t.Skip("recording needs root on Linux")
	}
	for _, program := range []string{"tcpdump", "node", "curl", "python3"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not here", program)
		}
	}
	dir := t.TempDir()
	lab := filepath.Join(dir, "lab")
	if out, err := exec.Command("go", "build", "-o", lab, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	quick := "^(node-(shared|each|off|timeout|lies)|go-(default|off|parallel)|curl-(default|shared)|httpclient-default|server-says-close|dumb-proxy)$"
	// On a busy machine a client may be kept from its processor between its handshake and its
	// request, for as long as tells one that opens ahead. What differs is recorded once more.
	record := func(names string) {
		out, err := exec.Command(lab, "--out", dir, "--clients", "clients", "--run", names).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if n := strings.Count(string(out), "connections for"); n == 0 || len(captures(t, dir, ".truth.json")) < n {
			t.Fatalf("%d truths of %d:\n%s", len(captures(t, dir, ".truth.json")), n, out)
		}
	}
	record(quick)
	var again []string
	for _, file := range captures(t, dir, ".truth.json") {
		if differs := differences(t, dir, file); len(differs) > 0 {
			t.Logf("recorded again: %s", strings.Join(differs, "; "))
			again = append(again, sampleOf(file))
		}
	}
	if len(again) > 0 {
		record("^(" + strings.Join(again, "|") + ")$")
	}
	checkFolder(t, dir)
}

// The tables in the READMEs are those of the truths beside them.
func TestTables(t *testing.T) {
	for _, topic := range append(topics(), "") {
		readme := filepath.Join("..", topic, "README.md")
		b, err := os.ReadFile(readme)
		if err != nil {
			t.Error(err)
			continue
		}
		want, err := filled(string(b), "..", topic)
		if err != nil {
			t.Fatalf("%s: %v", readme, err)
		}
		if string(b) != want {
			t.Errorf("the tables of %s are not the truths': run make pcaps", readme)
		}
	}
}

// checkFolder holds every capture of dir that has a truth against it, and returns how many there are.
func checkFolder(t *testing.T, dir string) int {
	truths := captures(t, dir, ".truth.json")
	for _, file := range truths {
		t.Run(sampleOf(file), func(t *testing.T) {
			for _, problem := range differences(t, dir, file) {
				t.Error(problem)
			}
		})
	}
	return len(truths)
}

// sampleOf returns the name of the sample that a truth belongs to.
func sampleOf(truth string) string { return strings.TrimSuffix(filepath.Base(truth), ".truth.json") }

// differences returns what is said of a sample of dir that is not as its truth and its scenario have it.
func differences(t *testing.T, dir, truth string) []string {
	t.Helper()
	s := find(sampleOf(truth))
	if s == nil {
		t.Fatalf("no scenario for %s", truth)
	}
	saw, err := readTruth(truth)
	if err != nil {
		t.Fatal(err)
	}
	return s.compare(saw, analyzed(t, s.file(dir), saw.Keys != ""))
}

// analyzed reads a capture, named without its extension, and its keys if it has some.
func analyzed(t *testing.T, file string, secret bool) *report.Report {
	src, err := capture.OpenAll([]string{file + ".pcap"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	keys := tls.NewKeys()
	if secret {
		f, err := os.Open(file + ".keys")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := keys.Add(f); err != nil {
			t.Fatal(err)
		}
	}
	r, err := analyze.Run(context.Background(), src, analyze.Options{Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// compare returns in what r differs from what the server saw and s declares.
func (s *scenario) compare(saw *truth, r *report.Report) []string {
	problems := compareConnections(saw, r, s.stale)
	for _, p := range r.Capture.Problems {
		problems = append(problems, "the capture has a problem: "+p.Text)
	}
	if got := s.diagnoses(r); got != s.finds {
		problems = append(problems, fmt.Sprintf("findings %q, want %q", got, s.finds))
	}
	if saw.Verdict != sum(saw.Connections) {
		problems = append(problems, "the truth's totals are not those of its connections")
	}
	legs := 1
	if s.via != "" {
		legs = 2
		problems = append(problems, s.front.compare(r, fmt.Sprintf("127.0.0.1:%d", relayPort))...)
	}
	if len(r.Pools) != legs {
		problems = append(problems, fmt.Sprintf("%d pools, want %d", len(r.Pools), legs))
	}
	host := "127.0.0.1"
	if s.path != nil {
		host = farAddr
	}
	return append(problems, s.want.compare(r, fmt.Sprintf("%s:%d", host, s.port()))...)
}

// diagnoses names the findings of r, but for those that hang on the moment a
// program ends, on how long it paused, or on how much its receiver took in unread.
func (s *scenario) diagnoses(r *report.Report) string {
	var ids []string
	unread := strings.HasPrefix(s.mode, "unread")
	for id := range r.Totals.Findings {
		if unread && id == "cold-window" {
			continue
		}
		if id != "header-lies" && id != "idle-timeout" && id != "timeout-mismatch-risk" {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return strings.Join(ids, " ")
}

// compareConnections holds connections, their transactions, methods and targets
// against the server's. stale are requests that met a connection the server had
// closed: on the wire, not seen by the server.
func compareConnections(saw *truth, r *report.Report, stale int) []string {
	var problems []string
	want := map[string]*connection{}
	for _, c := range saw.Connections {
		want[fmt.Sprintf("%s:%d>%d", c.ClientAddr, c.ClientPort, c.ServerPort)] = c
	}
	for _, c := range r.Connections {
		key := c.Client + ">" + c.Server[strings.LastIndexByte(c.Server, ':')+1:]
		w := want[key]
		delete(want, key)
		if w == nil {
			problems = append(problems, "the server knows no connection "+key)
			continue
		}
		extra := int(c.TransactionCount) - w.Transactions
		if extra > 0 {
			stale -= extra
		}
		if extra < 0 || stale < 0 {
			problems = append(problems, fmt.Sprintf("%s: %d transactions, the server saw %d", key, c.TransactionCount, w.Transactions))
			continue
		}
		for _, q := range w.Requests {
			i := slices.IndexFunc(c.Transactions, func(got *report.Transaction) bool {
				return got.Method == q.Method && got.Target == q.Path && got.Status == max(q.Status, 0)
			})
			if i < 0 || i > 0 && !strings.HasPrefix(q.Proto, "HTTP/2") { // streams reach the server's handlers in no order
				problems = append(problems, fmt.Sprintf("%s: the server saw %s %s %d next", key, q.Method, q.Path, q.Status))
				break
			}
			c.Transactions = slices.Delete(c.Transactions, i, i+1)
		}
	}
	for key := range want {
		problems = append(problems, "the capture lacks "+key)
	}
	if stale > 0 {
		problems = append(problems, fmt.Sprintf("%d stale requests are missing", stale))
	}
	return problems
}

// compare holds the pool of a server against w.
func (w want) compare(r *report.Report, server string) []string {
	for _, p := range r.Pools {
		if len(p.Server) != 1 || p.Server[0] != server {
			continue
		}
		var problems []string
		if int(p.Used) != w.used || int(p.Needed) != w.needed || p.Avoidable != p.Used-p.Needed {
			problems = append(problems, fmt.Sprintf("%s: used %d, needed %d, avoidable %d; want %d, %d", server, p.Used, p.Needed, p.Avoidable, w.used, w.needed))
		}
		if v := w.verdict(int(p.Transactions)); p.Verdict != v {
			problems = append(problems, fmt.Sprintf("%s: verdict %s, want %s", server, p.Verdict, v))
		}
		for cause, n := range p.Causes {
			if cause.Avoidable() && (string(cause) != w.why || int(n) != w.used-w.needed) {
				problems = append(problems, fmt.Sprintf("%s: %d avoidable by %s, want %d by %q", server, n, cause, w.used-w.needed, w.why))
			}
		}
		return problems
	}
	return []string{"no pool of " + server}
}

// verdict is what w comes to with so many transactions.
func (w want) verdict(transactions int) pool.Verdict {
	avoidable, reused := w.used > w.needed, transactions > w.used && !w.vain
	switch {
	case avoidable && reused:
		return pool.PartlyReused
	case avoidable:
		return pool.NotReused
	case reused:
		return pool.Reused
	case w.ended:
		return pool.ServerPrevents
	}
	return pool.NoOpportunity
}
