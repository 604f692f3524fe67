package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// ranks is the order of the house: a package imports only packages of a lower
// rank. Each is named: a new one has none until somebody has thought about where it stands.
var ranks = map[string]int{
	"tcpwarm/capture/segment":                      0,
	"tcpwarm/capture/assigned":                     0,
	"tcpwarm/analyze/plural":                       0,
	"tcpwarm/analyze/nearest":                      0,
	"tcpwarm/analyze/compact":                      0,
	"tcpwarm/analyze/freelist":                     0,
	"tcpwarm/capture/filter":                       1,
	"tcpwarm/capture/outfile":                      1,
	"tcpwarm/capture/sockdiag":                     1,
	"tcpwarm/capture/process":                      1,
	"tcpwarm/pcaps/script":                         1,
	"tcpwarm/pcaps/scenario":                       1,
	"tcpwarm/analyze/event":                        1,
	"tcpwarm/analyze/flow":                         1,
	"tcpwarm/analyze/tcp":                          1,
	"tcpwarm/analyze/stream":                       1,
	"tcpwarm/analyze/redact":                       1,
	"tcpwarm/analyze/app/http1":                    2,
	"tcpwarm/analyze/app/http2":                    2,
	"tcpwarm/analyze/app/proxy":                    2,
	"tcpwarm/analyze/app/socks":                    2,
	"tcpwarm/analyze/app/tls":                      2,
	"tcpwarm/capture":                              2,
	"tcpwarm/analyze/transaction":                  3,
	"tcpwarm/analyze/app":                          4,
	"tcpwarm/analyze/pool":                         4,
	"tcpwarm/analyze/conn":                         5,
	"tcpwarm/analyze/verdict":                      5,
	"tcpwarm/analyze/verdict/explain":              6,
	"tcpwarm/analyze/report":                       6,
	"tcpwarm/analyze/report/printable":             0,
	"tcpwarm/analyze/report/compare":               7,
	"tcpwarm/analyze/report/examined":              7,
	"tcpwarm/analyze/report/reporttest":            7,
	"tcpwarm/analyze/report/timeline":              7,
	"tcpwarm/analyze/report/growth":                7,
	"tcpwarm/analyze/report/timesequence":          7,
	"tcpwarm/analyze/report/text":                  8,
	"tcpwarm/analyze/report/html":                  9,
	"tcpwarm/analyze/report/jsonreport":            8,
	"tcpwarm/analyze/report/junit":                 8,
	"tcpwarm/analyze/report/github":                9, // its summary has the overview of text
	"tcpwarm/analyze/report/build":                 8,
	"tcpwarm/analyze/report/series":                8,
	"tcpwarm/analyze/report/perfetto":              8,
	"tcpwarm/analyze/report/comments":              9,
	"tcpwarm/analyze/engine":                       9,
	"tcpwarm/analyze":                              10,
	"tcpwarm/pcaps":                                10, // embedded samples
	"tcpwarm/cmd/tcpwarm":                          11,
	"tcpwarm/pcaps/lab":                            11,
	"tcpwarm/pcaps/lab/clients/chromium":           11,
	"tcpwarm/pcaps/lab/clients/go":                 11,
	"tcpwarm/pcaps/lab/clients/go/lines":           11,
	"tcpwarm/cmd/tcpwarm/internal/accuracylive":    11,
	"tcpwarm/cmd/tcpwarm/internal/againsttshark":   11,
	"tcpwarm/cmd/tcpwarm/internal/baseline":        11,
	"tcpwarm/cmd/tcpwarm/internal/challenge":       11,
	"tcpwarm/cmd/tcpwarm/internal/liveview":        11,
	"tcpwarm/cmd/tcpwarm/internal/mutants":         11,
	"tcpwarm/cmd/tcpwarm/internal/robust":          11,
	"tcpwarm/cmd/tcpwarm/internal/soak":            11,
	"tcpwarm/cmd/tcpwarm/internal/terminalpicture": 11,
}

type listed struct {
	ImportPath string
	Imports    []string
}

func list(t *testing.T) []listed {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "tcpwarm/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []listed
	for d := json.NewDecoder(strings.NewReader(string(out))); d.More(); {
		var p listed
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}

func TestImportsPointDown(t *testing.T) {
	for _, p := range list(t) {
		from, ok := ranks[p.ImportPath]
		if !ok {
			t.Errorf("%s has no rank", p.ImportPath)
		}
		for _, imp := range p.Imports {
			to, ok := ranks[imp]
			if ok && to >= from && !strings.HasPrefix(p.ImportPath, "tcpwarm/cmd/") {
				t.Errorf("%s (rank %d) imports %s (rank %d)", p.ImportPath, from, imp, to)
			}
		}
	}
}

// outside are the packages, with all below them but segment, through which the analysis would
// know files, sockets, processes and the packet library.
var outside = []string{"os", "syscall", "golang.org/x/sys", "github.com/google/gopacket", "tcpwarm/capture"}

func isOutside(path string) bool {
	return path != "tcpwarm/capture/segment" && slices.ContainsFunc(outside, func(p string) bool {
		return path == p || strings.HasPrefix(path, p+"/")
	})
}

// What the analysis may not know: files, sockets, the packet library, the
// clock.
func TestAnalysisKnowsNoOutside(t *testing.T) {
	for _, p := range list(t) {
		if !strings.HasPrefix(p.ImportPath, "tcpwarm/analyze") {
			continue
		}
		for _, imp := range p.Imports {
			if isOutside(imp) {
				t.Errorf("%s imports %s", p.ImportPath, imp)
			}
		}
	}
}

// Time is an argument: the analysis of a capture must not know today's.
func TestAnalysisKnowsNoClock(t *testing.T) {
	err := filepath.WalkDir("../../analyze", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		b, err := os.ReadFile(path)
		for _, ask := range []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTicker", "NewTimer"} {
			if bytes.Contains(b, []byte("time."+ask+"(")) {
				t.Errorf("%s asks the clock: time.%s", path, ask)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
