package comments

import (
	"slices"
	"strings"
	"testing"

	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/printable"
)

// opened returns a connection that was opened for a cause, by packets.
func opened(id int64, cause pool.Cause, instead int64, packets ...int64) *report.Connection {
	return &report.Connection{ID: id, Pool: 1, FirstPacket: packets[0], OpenedBecause: &report.OpenedBecause{Cause: cause, InsteadOf: instead,
		Confidence: pool.Certain, Packets: packets, Text: "because", RefutedBy: "it is not."}}
}

// Each packet that an opening somebody could change, or a finding, rests on has its words; those of
// other openings, and of pools that were not asked for, have none.
func TestPackets(t *testing.T) {
	elsewhere := opened(4, pool.Missed, 3, 40)
	elsewhere.Pool = 2
	r := &report.Report{
		Connections: []*report.Connection{opened(1, pool.First, 0, 1), opened(2, pool.Missed, 1, 8, 6), opened(3, pool.ServerClosed, 1, 9, 8), elsewhere},
		Pools: []*report.Pool{{ID: 1, Blamed: []report.Opening{{Connection: 9, FirstPacket: 30,
			OpenedBecause: *opened(9, pool.Missed, 7, 30).OpenedBecause}}}, {ID: 2, Other: true}},
		Findings: []report.Finding{{ID: "idle-timeout", Confidence: pool.Likely, Title: "closes", Text: "after 1 s", Packets: []int64{6, 6, 50}}},
	}
	c := Of(r)
	for packet, want := range map[int64][]string{
		1: nil, 7: nil, 40: nil, 51: nil,
		6: {"tcpwarm missed (certain): #2 was opened in packet 8 because #1 was not used, as this packet shows",
			"tcpwarm idle-timeout (likely): closes: after 1 s."},
		8: {"tcpwarm missed (certain): #2 was opened here because #1 was not used: because. Refuted if: it is not.",
			"tcpwarm server-closed (certain): #3 was opened in packet 9 because the server keeps #1 idle no longer, as this packet shows"},
		30: {"tcpwarm missed (certain): #9 was opened here because #7 was not used: because. Refuted if: it is not."},
		50: {"tcpwarm idle-timeout (likely): closes: after 1 s."},
	} {
		if got := c.Packet(packet); !slices.Equal(got, want) {
			t.Errorf("packet %d: %q", packet, got)
		}
	}
	if s := c.Summary(); !strings.HasPrefix(s, "tcpwarm: ") || !strings.HasSuffix(s, "\nPackets that this rests on have comments: "+
		`frame.comment contains "tcpwarm"`) {
		t.Errorf("%q", s)
	}
}

// What came from packets is shown, not obeyed, and has its bounds.
func TestHostile(t *testing.T) {
	const hostile = "a\x1b[31m\u202e\x00\xff\nb"
	bad := opened(2, pool.Missed, 1, 8)
	bad.OpenedBecause.Text, bad.OpenedBecause.RefutedBy = hostile+strings.Repeat("x", 1<<16), hostile
	r := &report.Report{Connections: []*report.Connection{bad}, Pools: []*report.Pool{{ID: 1, Name: hostile}, {ID: 2, Name: hostile}},
		Findings: []report.Finding{{ID: hostile, Confidence: hostile, Title: hostile, Text: hostile, RefutedBy: hostile, Packets: []int64{8}}}}
	c := Of(r)
	all := append(c.Packet(8), strings.Split(c.Summary(), "\n")...)
	if len(c.Packet(8)) != 2 {
		t.Fatalf("%q", c.Packet(8))
	}
	for _, s := range all {
		if s != printable.Clean(s) || len(s) > 3*mostStated {
			t.Errorf("%q", s)
		}
	}
}
