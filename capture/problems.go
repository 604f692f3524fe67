package capture

import (
	"cmp"
	"slices"

	"tcpwarm/capture/segment"
)

// A problem is a reason why a packet was not used, or not as it was.
type problem uint8

const (
	noProblem problem = iota
	unknownLink
	ipFragment
	badIP
	badTCP
	tcpCut
	clockBack
	noTime
	longerThanWire
	undecodable
	numProblems
)

// problemTexts gives each problem its stable kind, its words for people, and whether a
// packet that has it may hold TCP that was not looked into.
var problemTexts = [numProblems]struct {
	kind, text string
	unread     bool
}{
	unknownLink: {"unknown-link-type", "packets of a link type that cannot be read", true},
	ipFragment:  {"ip-fragment", "IP fragments; they are not put together", true},
	badIP:       {"bad-ip-header", "packets whose IP header is broken or cut", true},
	badTCP:      {"bad-tcp-header", "packets whose TCP header is broken", true},
	tcpCut:      {"tcp-header-cut", "packets cut within the TCP header", true},
	clockBack: {"clock-stepped-back", "packets timed before an earlier one; taken as of its time, " +
		"and after more than a second what follows counts from there", false},
	noTime: {"packet-without-time",
		"packets without a time, or of one before 1970 or beyond 2200; taken as of the packet before", false},
	longerThanWire: {"captured-longer-than-wire", "packets that claim more captured bytes than there were on the wire", false},
	undecodable:    {"undecodable", "packets that could not be decoded", true},
}

// count counts p at the packet being decoded.
func (d *decoder) count(p problem) {
	if problemTexts[p].unread {
		d.totals.Unread++
	}
	if d.problems[p].Count == 0 {
		d.problems[p].FirstPacket = d.totals.Packets
	}
	d.problems[p].Count++
}

// sums returns the totals with the problems there were.
func (d *decoder) sums() segment.Totals {
	t := d.totals
	t.Loopback = d.loopback && t.Segments > 0
	t.Problems = nil
	for i, p := range d.problems {
		if p.Count > 0 {
			p.Kind, p.Text = problemTexts[i].kind, problemTexts[i].text
			t.Problems = append(t.Problems, p)
		}
	}
	slices.SortFunc(t.Problems, func(a, b segment.Problem) int { return cmp.Compare(a.Kind, b.Kind) })
	return t
}
