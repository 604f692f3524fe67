package text

import (
	"math"
	"strings"
	"testing"
	"time"

	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/printable"
	"tcpwarm/analyze/report/reporttest"
	"tcpwarm/analyze/report/timeline"
)

func TestAxisLinear(t *testing.T) {
	a := timeline.NewAxis([]int64{0, 40 * 1e6, 55 * 1e6, 100 * 1e6}, 51)
	if len(a.Cuts) != 0 {
		t.Fatalf("cuts %v", a.Cuts)
	}
	for at, want := range map[int64]int{0: 0, 50 * 1e6: 25, 100 * 1e6: 50, -5: 0, math.MaxInt64: 50} {
		if got := a.Col(at); got != want {
			t.Errorf("col(%d) = %d, want %d", at, got, want)
		}
	}
	if got, want := axisLine(a), "0         20        40        60        80        100"; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// An idle minute leaves room for the milliseconds before and after it, and order
// in time stays order in columns.
func TestAxisCut(t *testing.T) {
	times := []int64{0, 3e6, 10e6, 30e6, 60e9, 60e9 + 5e6}
	a := timeline.NewAxis(times, 60)
	if len(a.Cuts) != 1 || a.Cuts[0].From != 30e6 || a.Cuts[0].To != 60e9 {
		t.Fatalf("cuts %v", a.Cuts)
	}
	last := -1
	for _, at := range times {
		if c := a.Col(at); c <= last {
			t.Errorf("col(%d) = %d, after %d", at, c, last)
		} else {
			last = c
		}
	}
	if s := axisLine(a); !strings.Contains(s, "//") || strings.Count(s, "6001") != 0 && len(s) > 70 {
		t.Errorf("%q", s)
	}
}

const ms = time.Millisecond

func draw(c reporttest.Conn, end time.Duration, cols int) string {
	a := timeline.NewAxis([]int64{0, int64(end)}, cols)
	return newLane(a, timeline.Span{Zero: reporttest.Zero}, c.Connection).String()
}

func TestLane(t *testing.T) {
	open := reporttest.NewConn(1, 0, 100*ms, "none").Get(20*ms, 20*ms, 20*ms, "/")
	open.Closed.How = "open"
	reset := reporttest.NewConn(1, 0, 50*ms, "server")
	reset.Closed.How = "rst"
	missed := reporttest.NewConn(1, 0, 50*ms, "client")
	missed.Handshake = "missed"
	unanswered := reporttest.NewConn(1, 0, 50*ms, "client").Get(20*ms, 0, 0, "/")
	*unanswered.Transactions[0] = report.Transaction{N: 1, Start: reporttest.At(20 * ms)}
	for name, test := range map[string]struct {
		c    reporttest.Conn
		want string
	}{
		"answered":     {open, "h·rrRRR···· open"},
		"reset":        {reset, "h····x server reset"},
		"handshake":    {missed, "·····x client"},
		"unanswered":   {unanswered, "h·r··x client"},
		"late":         {reporttest.NewConn(1, 100*ms, 100*ms, "client"), "          hx client"},
		"all at once":  {reporttest.NewConn(1, 0, 1*ms, "client").Get(0, 1, 1, "/"), "hrRx client"},
		"crowded":      {reporttest.NewConn(1, 0, 100*ms, "client").Get(0, 1, 1, "/").Get(5, 1, 1, "/").Get(50, 1, 1, "/"), ""},
		"beyond axis":  {reporttest.NewConn(1, 0, time.Hour, "client"), "h·········x client"},
		"before start": {reporttest.NewConn(1, -time.Hour, 50*ms, "client"), "h····x client"},
	} {
		got := draw(test.c, 100*ms, 11)
		if test.want != "" && got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
		if printable.Columns(got) > 11+laneEnd {
			t.Errorf("%s: too wide: %q", name, got)
		}
	}
}

// What nobody closed is drawn to the end of the capture; where that is not known, to its last packet.
func TestOpenToTheEnd(t *testing.T) {
	c := reporttest.NewConn(1, 0, 50*ms, "none").Get(20*ms, 10*ms, 10*ms, "/")
	c.Closed = report.Closed{First: "none", How: "open"}
	a := timeline.NewAxis([]int64{0, int64(100 * ms)}, 11)
	for until, want := range map[report.Instant]string{0: "h·rRR· open", reporttest.At(100 * ms): "h·rRR······ open"} {
		if got := newLane(a, timeline.Span{Zero: reporttest.Zero, Until: until}, c.Connection).String(); got != want {
			t.Errorf("until %d: %q, want %q", until, got, want)
		}
	}
}
