package text

import (
	"math"
	"strings"
	"testing"
	"time"

	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/printable"
	"tcpwarm/analyze/report/reporttest"
)

func TestAxisLinear(t *testing.T) {
	a := newAxis([]int64{0, 40 * 1e6, 55 * 1e6, 100 * 1e6}, 51)
	if len(a.cuts) != 0 {
		t.Fatalf("cuts %v", a.cuts)
	}
	for at, want := range map[int64]int{0: 0, 50 * 1e6: 25, 100 * 1e6: 50, -5: 0, math.MaxInt64: 50} {
		if got := a.col(at); got != want {
			t.Errorf("col(%d) = %d, want %d", at, got, want)
		}
	}
	if got, want := a.String(), "0         20        40        60        80        100"; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// An idle minute leaves room for the milliseconds before and after it, and order
// in time stays order in columns.
func TestAxisCut(t *testing.T) {
	times := []int64{0, 3e6, 10e6, 30e6, 60e9, 60e9 + 5e6}
	a := newAxis(times, 60)
	if len(a.cuts) != 1 || a.cuts[0].from != 30e6 || a.cuts[0].to != 60e9 {
		t.Fatalf("cuts %v", a.cuts)
	}
	last := -1
	for _, at := range times {
		if c := a.col(at); c <= last {
			t.Errorf("col(%d) = %d, after %d", at, c, last)
		} else {
			last = c
		}
	}
	if s := a.String(); !strings.Contains(s, "//") || strings.Count(s, "6001") != 0 && len(s) > 70 {
		t.Errorf("%q", s)
	}
}

// Whatever the times, columns stay inside, grow with time, and ticks are few.
func FuzzAxis(f *testing.F) {
	f.Add(int64(0), int64(1), int64(2), int64(3), 55)
	f.Add(int64(1e9), int64(60e9), int64(1<<62), int64(7), 35)
	f.Fuzz(func(t *testing.T, x, y, z, w int64, cols int) {
		cols = 2 + (cols&0xff)%100
		times := []int64{0, x & math.MaxInt64, y & math.MaxInt64, z & math.MaxInt64, w & math.MaxInt64}
		a := newAxis(times, cols)
		if n := len(a.ticks()); n > (mostCuts+1)*(cols+1) {
			t.Fatalf("%d ticks", n)
		}
		_ = a.String()
		for _, u := range times {
			for _, v := range times {
				cu, cv := a.col(u), a.col(v)
				if cu < 0 || cu >= cols {
					t.Fatalf("col(%d) = %d of %d", u, cu, cols)
				}
				if u < v && cu > cv {
					t.Fatalf("col(%d) = %d, col(%d) = %d", u, cu, v, cv)
				}
			}
		}
	})
}

const ms = time.Millisecond

func draw(c reporttest.Conn, end time.Duration, cols int) string {
	a := newAxis([]int64{0, int64(end)}, cols)
	return newLane(a, span{zero: reporttest.Zero}, c.Connection).String()
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
	a := newAxis([]int64{0, int64(100 * ms)}, 11)
	for until, want := range map[report.Instant]string{0: "h·rRR· open", reporttest.At(100 * ms): "h·rRR······ open"} {
		if got := newLane(a, span{reporttest.Zero, until}, c.Connection).String(); got != want {
			t.Errorf("until %d: %q, want %q", until, got, want)
		}
	}
}

// Of many connections, those with a story are drawn, and the ones they refer to.
func TestChooseLanes(t *testing.T) {
	r := reporttest.Burst()
	var ids []int64
	for _, c := range chooseLanes(r.Connections) {
		ids = append(ids, c.ID)
	}
	if len(ids) != mostLanes || ids[0] != 3 || ids[6] != 9 {
		t.Errorf("drawn: %v", ids)
	}
	if got := chooseLanes(r.Connections[:12]); len(got) != 12 {
		t.Errorf("%d of 12 drawn", len(got))
	}
}
