package analyze

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"tcpwarm/analyze/report"
	"tcpwarm/pcaps/script"
)

// evidence lists what r's worst pools rest on: of each the connections that were avoidable and
// those that could have served, with the packet and the first request of each.
func evidence(r *report.Report, pools int) string {
	byID := map[int64]*report.Connection{}
	for _, c := range r.Connections {
		byID[c.ID] = c
	}
	var b strings.Builder
	for _, p := range r.WorstFirst()[:pools] {
		fmt.Fprintf(&b, "pool %d:", p.ID)
		for _, c := range r.Connections {
			if c.Pool != p.ID || c.OpenedBecause == nil || !c.OpenedBecause.Cause.Avoidable() {
				continue
			}
			for _, c := range []*report.Connection{c, byID[c.OpenedBecause.InsteadOf]} {
				if c == nil || len(c.Judged()) == 0 {
					b.WriteString(" lost")
					continue
				}
				fmt.Fprintf(&b, " #%d %d %s", c.ID, c.FirstPacket, c.Judged()[0].Target)
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}

// However few connections are kept, and however many there are, those that the worst pools' blame
// rests on are among them, in any run the same: a capture that can be read once more is. The limits
// hold all the same.
func TestWhatBlameRestsOnIsKept(t *testing.T) {
	all := crowdOf(t, 1500, func(i uint64) (client, port uint64) {
		if i < 1000 { // those of one connection come first
			return i, 0
		}
		return 1000 + i%250, i / 250 % 2 // the second once the first has been closed
	})
	want := ""
	for _, limits := range []Limits{{}, {KeptConnections: 100}, {KeptConnections: 100, KeptTransactions: 60}, {KeptTransactions: 100}, {KeptConnections: 60}} {
		for _, workers := range []int{1, 2, 5} {
			for _, size := range []int{200, 3000} {
				o := Options{Workers: workers, Limits: limits,
					Again: func() (Source, error) { return &segments{list: all, size: size}, nil }}
				r, err := Run(t.Context(), &segments{list: all, size: size}, o)
				if err != nil {
					t.Fatal(err)
				}
				got := evidence(r, 25)
				if want == "" {
					want = got
				}
				if r.Totals.Avoidable != 250 || strings.Count(got, "#") != 2*25 {
					t.Fatalf("%d were avoidable, the worst rest on\n%s", r.Totals.Avoidable, got)
				}
				if got != want || strings.Contains(got, "lost") {
					t.Fatalf("%+v, %d workers, %d segments at once:\n%s\nwant\n%s", limits, workers, size, got, want)
				}
				kept := 0
				for _, c := range r.Connections {
					kept += len(c.Transactions)
				}
				if most := limits.KeptConnections; most > 0 && len(r.Connections) > most {
					t.Errorf("%+v: %d connections are kept", limits, len(r.Connections))
				}
				if most := limits.KeptTransactions; most > 0 && kept > most {
					t.Errorf("%+v: %d transactions are kept", limits, kept)
				}
				if n := problem(r, "records-not-kept") + int64(len(r.Connections)); n != 1500 {
					t.Errorf("%+v: %d connections are kept or counted, there were 1500", limits, n)
				}
				if n := problem(r, "transactions-not-kept") + int64(kept); n != 1500 {
					t.Errorf("%+v: %d transactions are kept or counted, there were 1500", limits, n)
				}
				checkSums(t, r)
			}
		}
	}
}

// Of what cannot be read once more the decisions stay, with the packets that they rest on.
func TestWhatCannotBeReadAgain(t *testing.T) {
	all := crowdOf(t, 600, func(i uint64) (client, port uint64) { return i % 300, i / 300 })
	want := ""
	for _, x := range []struct {
		name  string
		limit int
		again func() (Source, error)
	}{
		{"all is kept", 0, nil},
		{"no way", 10, nil},
		{"gone", 10, func() (Source, error) { return nil, errors.New("gone") }},
		{"another", 10, func() (Source, error) { return &segments{list: all[:50], size: 50}, nil }},
	} {
		r, err := Run(t.Context(), &segments{list: all, size: 200}, Options{Limits: Limits{KeptConnections: x.limit}, Again: x.again})
		if err != nil {
			t.Fatal(err)
		}
		if x.limit > 0 && (len(r.Connections) != 10 || problem(r, "records-not-kept") != 590) || r.Totals.Connections != 600 {
			t.Errorf("%s: %d connections, totals %+v", x.name, len(r.Connections), r.Totals)
		}
		checkSums(t, r)
		got := r.Summary(&report.Expectation{Text: "avoidable == 0"})
		for _, p := range r.WorstFirst()[:100] {
			var of []*report.Connection
			for _, c := range r.Connections {
				if c.Pool == p.ID {
					of = append(of, c)
				}
			}
			for _, c := range p.Opened(of) {
				if c.OpenedBecause.Cause.Avoidable() {
					got += fmt.Sprintf("\n#%d %d %s %v %s", c.ID, c.FirstPacket, c.OpenedBecause.Cause, c.OpenedBecause.Packets, c.OpenedBecause.Text)
				}
			}
		}
		if want == "" {
			want = got
		}
		if got != want || strings.Count(got, "\n#") != 100 || !strings.Contains(got, "; first: #") {
			t.Errorf("%s:\n%s\nwant\n%s", x.name, got, want)
		}
	}
}

// A connection on which nothing was asked waits for no judgement, and is told of all the same.
func TestUnusedIsToldOf(t *testing.T) {
	s, err := script.Parse(`conn a 10.0.0.1:40000 10.0.0.2:81
conn b 10.0.0.1:40001 10.0.0.2:80
a: +0.1 > S 0:0(0)
a: +0.1 < R. 0:0(0) ack 1
` + onConn("b", opened+request+response))
	if err != nil {
		t.Fatal(err)
	}
	told := map[int64]int64{}
	o := Options{Final: func(c *report.Connection) error { told[c.ID] = c.TransactionCount; return nil }}
	if _, err := Run(t.Context(), &segments{list: s.Segments(), size: 1}, o); err != nil || len(told) != 2 || told[1] != 0 || told[2] != 1 {
		t.Errorf("transactions of those told of: %v, want none of #1 and one of #2: %v", told, err)
	}
}
