package text

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/compare"
)

// fleet is one client with n destinations, of which the first few each open a connection too many.
func fleet(n, bad int) *report.Report {
	r := &report.Report{Verdict: pool.PartlyReused, Capture: report.Capture{Files: []string{"/tmp/fleet.pcap"}, Packets: 900},
		Totals: report.Totals{Transactions: int64(10 * n), Used: int64(n + bad), Needed: int64(n), Avoidable: int64(bad),
			Reused: int64(9*n - bad), Verdicts: map[pool.Verdict]int64{}}}
	for i := range n {
		p := &report.Pool{ID: int64(i + 1), Client: "10.0.0.1", Name: fmt.Sprintf("svc%02d.example", i), Server: []string{"10.0.1.1:8080"},
			Transactions: 10, Used: 1, ReusedCount: 9, Needed: 1, Verdict: pool.Reused, UserAgent: "Go-http-client/1.1"}
		if i < bad {
			p.Used, p.ReusedCount, p.Avoidable, p.Verdict = 2, 8, 1, pool.PartlyReused
			p.Causes = map[pool.Cause]int64{pool.Missed: 1, pool.First: 1}
			r.Connections = append(r.Connections, &report.Connection{ID: int64(i + 1), Pool: p.ID, FirstPacket: int64(1000 + i), TransactionCount: 1,
				Transactions:  []*report.Transaction{{N: 1, Method: "GET", Target: fmt.Sprintf("/api/%d", i), Status: 200}},
				OpenedBecause: &report.OpenedBecause{Cause: pool.Missed, Confidence: pool.Certain}})
		}
		r.Totals.Verdicts[p.Verdict]++
		r.Pools = append(r.Pools, p)
	}
	return r
}

func shownAs(t *testing.T, r *report.Report, o Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, r, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// At no width a column of the overview is lost, and no line is too long.
func TestOverviewAtAllWidths(t *testing.T) {
	for width := 60; width <= 200; width++ {
		got := shownAs(t, fleet(50, 3), Options{Width: width})
		checkLines(t, got, width)
		head, _, _ := strings.Cut(got, "what to do")
		said := strings.Join(strings.Fields(head), " ")
		for _, want := range []string{"3 of 50 destinations open too many, 47 are fine.", "too many", "first seen", "svc02.example:8080",
			"missed", "packet 1002", "GET /api/2"} {
			if !strings.Contains(said, want) {
				t.Errorf("%d columns: no %q in\n%s", width, want, head)
			}
		}
	}
}

// Those that are fine are a number, unless all is asked for; of the others as many are told as are
// asked for, and the rest are counted.
func TestOverviewTellsTheWorst(t *testing.T) {
	for _, x := range []struct {
		o          Options
		n, bad     int
		last, want string
	}{
		{Options{}, 50, 0, "", "50 of 50 destinations are fine."},
		{Options{}, 50, 3, "svc02", "3 of 50 destinations open too many"},
		{Options{Limit: 2}, 50, 3, "svc01", "  and 1 more: 2 connections, 1 too many  (--top 3 lists them)\n"},
		{Options{All: true}, 50, 3, "svc49", "3 of 50"},
	} {
		x.o.Width = 120
		got := shownAs(t, fleet(x.n, x.bad), x.o)
		if !strings.Contains(got, x.want) {
			t.Errorf("%+v: no %q in\n%s", x.o, x.want, got)
		}
		last := ""
		for line := range strings.Lines(got) {
			if _, to, ok := strings.Cut(line, " -> "); ok {
				last = to[:5]
			}
		}
		if last != x.last {
			t.Errorf("%+v: the last that is told is %q, want %q", x.o, last, x.last)
		}
	}
}

// With several clients a row names its client: one destination may be in many.
func TestOverviewNamesClients(t *testing.T) {
	for _, clients := range []int{1, 2} {
		r := fleet(4, 2)
		r.Pools[1].Client = fmt.Sprintf("10.0.0.%d", clients)
		head, _, _ := strings.Cut(shownAs(t, r, Options{Width: 160}), "what to do")
		if strings.Contains(head, "10.0.0.2") != (clients > 1) || strings.Contains(head, "pools") != (clients > 1) {
			t.Errorf("%d clients:\n%s", clients, head)
		}
	}
}

// What a finding says of a pool that is fine is named, though the pool is not told.
func TestFindingsOfFinePools(t *testing.T) {
	r := fleet(3, 1)
	r.Findings = []report.Finding{{ID: "timeout-mismatch-risk", Title: "x", Pool: 3, Confidence: pool.Likely}}
	if got := shownAs(t, r, Options{Width: 120}); !strings.Contains(got, "also found where connections are reused: timeout-mismatch-risk 1") {
		t.Errorf("the finding is not named:\n%s", got)
	}
	r.Findings[0].Pool = 1
	if got := shownAs(t, r, Options{Width: 120}); strings.Contains(got, "also found") || !strings.Contains(got, "[timeout-mismatch-risk, likely]") {
		t.Errorf("the finding is not told with its pool:\n%s", got)
	}
}

// A request that a blamed connection was opened for stands beside it, whatever its target holds.
func TestRequestBesideOpening(t *testing.T) {
	r := fleet(1, 1)
	r.Connections[0].Transactions[0].Target = "/\x1b[31m" + strings.Repeat("x", 500)
	got := shownAs(t, r, Options{Width: 100})
	checkLines(t, got, 100)
	if !strings.Contains(got, `(packet 1000, for GET /\x1b[31mxxx`) || !strings.Contains(got, "status 200)") {
		t.Errorf("no request in\n%s", got)
	}
	r.Connections[0].Transactions[0].Method = ""
	if got := shownAs(t, r, Options{Width: 100}); !strings.Contains(got, "(packet 1000) because") {
		t.Errorf("a request that was not read in\n%s", got)
	}
}

// A span of time has its days where it crosses midnight, in UTC.
func TestSourceLine(t *testing.T) {
	r := fleet(2, 0)
	start, end := report.Instant(1_700_000_000e9), report.Instant(1_700_000_002.2e9)
	r.Capture.Start, r.Capture.End = &start, &end
	r.Capture.Files, r.Capture.Filter, r.Capture.Filtered = []string{"-", "b.pcap"}, "port 80", 890
	for _, want := range []string{"standard input and 1 more file   22:13:20 to 22:13:22 UTC (2.20 s)   900 packets, none lost",
		`filter "port 80" let 10 through`} {
		if got := shownAs(t, r, Options{Width: 140}); !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	end = start + 187e6
	if got := shownAs(t, r, Options{Width: 140}); !strings.Contains(got, " 22:13:20 UTC (187 ms) ") {
		t.Errorf("within a second:\n%s", got)
	}
	end = start + 7202.2e9
	if got := shownAs(t, r, Options{Width: 140}); !strings.Contains(got, "2023-11-14 22:13:20 to 2023-11-15 00:13:22 UTC (7202 s)") {
		t.Errorf("across midnight:\n%s", got)
	}
}

// Of servers that have changed as many are listed as are asked for.
func TestComparisonListsTheWorst(t *testing.T) {
	c := compare.Between(fleet(30, 30), fleet(30, 0), 0)
	for want, o := range map[string]Options{
		"  and 20 more  (--top 30 lists them)\n": {},
		"  and 5 more  (--top 30 lists them)\n":  {Limit: 25},
		"svc29.example:8080":                     {All: true},
	} {
		var b bytes.Buffer
		if err := WriteComparison(&b, c, o); err != nil {
			t.Fatal(err)
		}
		if got := b.String(); !strings.Contains(got, want) || o.All && strings.Contains(got, " more ") {
			t.Errorf("%+v: no %q in\n%s", o, want, got)
		}
	}
}

// Whatever names hold, the overview keeps to its width and shows nothing that a terminal obeys.
func TestHostileOverview(t *testing.T) {
	const bad = "a\x1b[31m\u202e\xff\u200b\u754c" + "\u00a0"
	r := fleet(4, 3)
	for i, p := range r.Pools {
		p.Name, p.UserAgent, p.Client = bad+strings.Repeat("x", 90*i), bad, fmt.Sprint(bad, i)
		p.Causes = map[pool.Cause]int64{pool.ClientClosed: 1}
	}
	r.Capture.Files = []string{"/tmp/" + bad}
	for _, c := range r.Connections {
		c.Transactions[0].Method, c.Transactions[0].Target = bad, strings.Repeat(bad, 50)
	}
	for width := 60; width <= 200; width += 7 {
		checkLines(t, shownAs(t, r, Options{Width: width}), width)
	}
}

// What is not kept is counted where others like it are listed.
func TestNotKeptIsCounted(t *testing.T) {
	r := fleet(1, 1)
	p := r.Pools[0]
	p.Used, p.Avoidable, p.Causes = 40, 39, map[pool.Cause]int64{pool.Missed: 39}
	p.Blamed = []report.Opening{{Connection: 7, FirstPacket: 77, OpenedBecause: report.OpenedBecause{Cause: pool.Missed}}}
	got := shownAs(t, r, Options{Width: 100})
	for _, want := range []string{"and 38 more like it: #7 (packet 77), ...", "39 of 40 connections not drawn"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	p.Blamed = nil
	if got := shownAs(t, r, Options{Width: 100}); !strings.Contains(got, "and 38 more like it\n") {
		t.Errorf("without a list:\n%s", got)
	}
}
