package text

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/compare"
	"tcpwarm/analyze/report/printable"
	"tcpwarm/analyze/report/reporttest"
	"tcpwarm/analyze/verdict/explain"
)

var update = flag.Bool("update", false, "rewrite golden files")

// golden compares got with a file of testdata.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (rewrite with -update). Got:\n%s", file, got)
	}
}

func TestTextGolden(t *testing.T) {
	for name, r := range reporttest.Samples() {
		t.Run(name, func(t *testing.T) {
			o := Options{Width: 100}
			if name == "many" {
				o.Limit = 3
			}
			var b bytes.Buffer
			if err := Write(&b, r, o); err != nil {
				t.Fatal(err)
			}
			golden(t, "testdata/"+name+".txt", b.String())
		})
	}
}

// No line is wider than asked, and nothing reaches the terminal that it would
// obey, whatever a capture holds.
func TestTextWidth(t *testing.T) {
	for name, r := range reporttest.Samples() {
		for _, width := range []int{60, 80, 120} {
			t.Run(fmt.Sprint(name, width), func(t *testing.T) {
				var b bytes.Buffer
				if err := Write(&b, r, Options{Width: width}); err != nil {
					t.Fatal(err)
				}
				checkLines(t, b.String(), width)
			})
		}
	}
}

func checkLines(t *testing.T, s string, width int) {
	t.Helper()
	for _, line := range strings.Split(strings.TrimSuffix(s, "\n"), "\n") {
		if n := printable.Columns(line); n > width {
			t.Errorf("%d columns, want at most %d: %q", n, width, line)
		}
		if !utf8.ValidString(line) {
			t.Errorf("invalid UTF-8: %q", line)
		}
		for _, r := range line {
			if !unicode.IsPrint(r) {
				t.Errorf("%U in %q", r, line)
			}
		}
		if strings.HasSuffix(line, " ") {
			t.Errorf("trailing space: %q", line)
		}
	}
}

// Color adds escape sequences and nothing else.
func TestTextColor(t *testing.T) {
	sgr := regexp.MustCompile("\x1b\\[[0-9;]*m")
	for name, r := range reporttest.Samples() {
		var with, without bytes.Buffer
		if err := Write(&with, r, Options{Color: true}); err != nil {
			t.Fatal(err)
		}
		if err := Write(&without, r, Options{}); err != nil {
			t.Fatal(err)
		}
		if got := sgr.ReplaceAllString(with.String(), ""); got != without.String() {
			t.Errorf("%s: color changed the text:\n%s", name, got)
		}
		if name == "missed" && !strings.HasPrefix(with.String(), string(red)+"NOT REUSED\x1b[0m") {
			t.Errorf("verdict is not red: %q", with.String()[:40])
		}
	}
}

func TestTextSentence(t *testing.T) {
	for _, test := range []struct {
		verdict pool.Verdict
		totals  report.Totals
		want    string
	}{
		{pool.NotReused, report.Totals{Transactions: 2, Used: 2, Needed: 1}, "NOT REUSED   2 requests used 2 connections; 1 was needed."},
		{pool.PartlyReused, report.Totals{Transactions: 9, Used: 6, Needed: 3, PerhapsAvoidable: 1, PerhapsNeeded: 2}, "PARTLY REUSED   9 requests used 6 connections; 2 to 5 were needed."},
		{pool.PartlyReused, report.Totals{Transactions: 9, Used: 4, Needed: 2}, "PARTLY REUSED   9 requests used 4 connections; 2 were needed."},
		{pool.Reused, report.Totals{Transactions: 6, Used: 1, Needed: 1}, "REUSED   6 requests used 1 connection; no client could do with less."},
		{pool.NoOpportunity, report.Totals{Transactions: 1, Used: 1}, "NO OPPORTUNITY   1 request used 1 connection; there was none to reuse."},
		{pool.NoOpportunity, report.Totals{Connections: 2}, "NO OPPORTUNITY   2 connections, no request seen on them."},
		{pool.NoOpportunity, report.Totals{}, "NO OPPORTUNITY   no TCP connection was seen."},
		{pool.NotKnown, report.Totals{Transactions: 3, Used: 2}, "NOT KNOWN   3 requests used 2 connections; the capture does not show enough to judge them."},
		{pool.ServerPrevents, report.Totals{Transactions: 3, Used: 3, ServerEnded: 3},
			"SERVER PREVENTS REUSE   3 requests used 3 connections; no client could do with less: the server ended 3 of them."},
	} {
		var b bytes.Buffer
		if err := Write(&b, &report.Report{Verdict: test.verdict, Totals: test.totals}, Options{Width: 200}); err != nil {
			t.Fatal(err)
		}
		if got, _, _ := strings.Cut(b.String(), "\n"); got != test.want {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
	}
}

// What a pool's lines say where it is not as most are, and what the whole could not see.
func TestTextSays(t *testing.T) {
	silent := report.Pool{ID: 1, Client: "10.0.0.1", Server: []string{"10.0.0.2:25"}, Unused: 3}
	asked := report.Pool{ID: 1, Client: "10.0.0.1", Server: []string{"10.0.0.2:80"}, Transactions: 2, Used: 2, Needed: 2}
	told := asked
	told.ToldBy = "SYN with TTL 63, with SACK, with timestamps"
	with := func(p report.Pool) *report.Report {
		return &report.Report{Verdict: pool.NoOpportunity, Pools: []*report.Pool{&p}}
	}
	oneWay := with(asked)
	oneWay.Capture.Problems = []report.Problem{{Kind: "one-direction-only", Count: 2}}
	udp := []report.Other{{Protocol: "IP protocol 17 (UDP)", Packets: 2, FirstPacket: 1}}
	for _, x := range []struct {
		name, want, not string
		r               *report.Report
	}{
		{"without a request", "no request seen", "kept in full", with(silent)},
		{"without a request", "connections  3    none carried a request", "needed", with(silent)},
		{"beyond the limit", "none of its connections kept in full", "no request seen", with(asked)},
		{"one of several", "one of several clients at this address, told by: SYN with TTL 63, with SACK, with timestamps", "", with(told)},
		{"the only one", "10.0.0.1", "several clients", with(asked)},
		{"one direction", "2 connections in one direction only", "", oneWay},
		{"both directions", "none lost", "direction", with(asked)},
		{"not looked into", "no TCP connection was seen, but 5 of 7 packets could not be looked into.", "",
			&report.Report{Verdict: pool.NotKnown, Capture: report.Capture{Packets: 7, Unread: 5}}},
		{"named", "could not be looked into: 5 packets: GRE protocol 0x8999, not", "",
			&report.Report{Verdict: pool.NotKnown, Capture: report.Capture{Packets: 7, Unread: 5, Others: udp,
				Problems: []report.Problem{{Kind: "not-read", Count: 5, FirstPacket: 1, Text: "GRE protocol 0x8999, not read"}}}}},
		{"named, none with TCP", "no TCP connection was seen: 2 packets: IP protocol 17 (UDP).", "",
			&report.Report{Verdict: pool.NoOpportunity, Capture: report.Capture{Packets: 2, Others: udp}}},
		{"some looked into", "no request seen on them", "looked into",
			&report.Report{Verdict: pool.NoOpportunity, Capture: report.Capture{Packets: 7, Segments: 2, Unread: 5}, Totals: report.Totals{Connections: 2}}},
	} {
		var b bytes.Buffer
		if err := Write(&b, x.r, Options{Width: 120}); err != nil {
			t.Fatal(err)
		}
		if got := b.String(); !strings.Contains(got, x.want) || x.not != "" && strings.Contains(got, x.not) {
			t.Errorf("%s: want %q and not %q in\n%s", x.name, x.want, x.not, got)
		}
	}
}

type brokenWriter struct{}

var errBroken = errors.New("broken")

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

// A full disk must not look like a written report.
func TestWriteError(t *testing.T) {
	r := reporttest.Missed()
	for name, write := range map[string]func(io.Writer) error{
		"report": func(w io.Writer) error { return Write(w, r, Options{}) },
		"entry":  func(w io.Writer) error { return WriteEntry(w, explain.Entries()[0], 80) },
		"change": func(w io.Writer) error { return WriteComparison(w, compare.Between(r, r, 0), Options{}) },
	} {
		if err := write(brokenWriter{}); !errors.Is(err, errBroken) {
			t.Errorf("%s: got error %v", name, err)
		}
	}
}

// On a narrow terminal nothing is cut that a wide one shows whole, and the curve has all its points.
func TestNarrowLosesNothing(t *testing.T) {
	points := func(s string) (all []string) {
		for line := range strings.Lines(s) {
			for _, label := range []string{"  idle connections kept", "  connections then opened"} {
				if rest, ok := strings.CutPrefix(line, label); ok {
					all = append(all, strings.Fields(rest)...)
				}
			}
		}
		slices.Sort(all)
		return all
	}
	for name, r := range reporttest.Samples() {
		for what, write := range map[string]func(w io.Writer, width int) error{
			"report": func(w io.Writer, width int) error { return Write(w, r, Options{Width: width, All: true}) },
			"comparison": func(w io.Writer, width int) error {
				return WriteComparison(w, compare.Between(r, r, 0), Options{Width: width})
			},
		} {
			var wide bytes.Buffer
			if err := write(&wide, 200); err != nil {
				t.Fatal(err)
			}
			for width := 60; width < 200; width++ {
				var b bytes.Buffer
				if err := write(&b, width); err != nil {
					t.Fatal(err)
				}
				if name != "hostile" && strings.Contains(b.String(), "…") {
					t.Fatalf("%s of %s, %d columns: something is cut in\n%s", what, name, width, b.String())
				}
				if got, want := points(b.String()), points(wide.String()); !slices.Equal(got, want) {
					t.Fatalf("%s of %s, %d columns: the curve has %v, want %v", what, name, width, got, want)
				}
			}
		}
	}
}

// What is to be done about an expectation that cannot be decided is in its text, which is never cut.
func TestExpectationIsNotCut(t *testing.T) {
	const doubt = "the connections may be another program's: narrow them by -f or --server, or use --isolated"
	for _, width := range []int{40, 60, 80, 200} {
		var b bytes.Buffer
		p := newPage(&b, width, false)
		p.expectations([]report.Expectation{{Text: doubt, Measured: "43"}, {Text: "avoidable == 0", Measured: "3"}})
		if err := p.flush(); err != nil {
			t.Fatal(err)
		}
		if flat := strings.Join(strings.Fields(b.String()), " "); !strings.Contains(flat, "? "+doubt+" 43 ? avoidable == 0 3") {
			t.Errorf("%d columns:\n%s", width, &b)
		}
	}
}
