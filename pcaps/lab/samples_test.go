package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/text"
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
	out, err := exec.Command(lab, "--out", dir, "--clients", "clients", "--run", quick).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if n := strings.Count(string(out), "connections for"); n == 0 || len(captures(t, dir, ".truth.json")) < n {
		t.Fatalf("%d truths of %d:\n%s", len(captures(t, dir, ".truth.json")), n, out)
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
	problems, _, err := s.differs(dir)
	if err != nil {
		t.Fatal(err)
	}
	return problems
}

// analyzed reads a capture, named without its extension, and its keys if it has some.
func analyzed(t *testing.T, file string, secret bool) *report.Report {
	r, err := analyzeSample(file, secret)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
