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
	ipFragment
	overlapped
	badIP
	badTCP
	tcpCut
	clockBack
	clockAhead
	filesOverlap
	filesSorted
	noTime
	longerThanWire
	tooDeep
	undecodable
	numProblems
)

// problemTexts gives each problem its stable kind, its words for people, and whether a
// packet that has it may hold TCP that was not looked into.
var problemTexts = [numProblems]struct {
	kind, text string
	unread     bool
}{
	ipFragment: {"ip-fragment", "IP fragments of packets that never became whole", true},
	overlapped: {"overlapping-fragments", "IP fragments of packets whose fragments overlap; they are refused", true},
	badIP:      {"bad-ip-header", "packets whose IP header is broken or cut", true},
	badTCP:     {"bad-tcp-header", "packets whose TCP header is broken", true},
	tcpCut:     {"tcp-header-cut", "packets cut within the TCP header", true},
	clockBack: {"clock-stepped-back", "packets timed before an earlier one; taken as of its time, " +
		"and after more than a second what follows counts from there", false},
	clockAhead: {"clock-stepped-ahead", "packets more than a year after the one before: a clock was set, or captures were joined; " +
		"what lies between is taken as time that passed", false},
	filesOverlap: {segment.FilesOverlap, "files that begin before the one before ends: they are no parts of one capture, or of clocks " +
		"that differ; what follows counts from that end", false},
	filesSorted: {"files-sorted", "files that were given before earlier ones; all were read in order of their first packets", false},
	noTime: {"packet-without-time",
		"packets without a time, or of one before 1970 or beyond 2200; taken as of the packet before", false},
	longerThanWire: {"captured-longer-than-wire", "packets that claim more captured bytes than there were on the wire", false},
	tooDeep:        {"nested-too-deep", "packets with more headers one within another than are followed", true},
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
	t.Problems, t.Others = nil, nil
	for i, p := range d.problems {
		if p.Count > 0 {
			p.Kind, p.Text = problemTexts[i].kind, problemTexts[i].text
			t.Problems = append(t.Problems, p)
		}
	}
	d.notRead(&t)
	d.fragments.sums(&t)
	slices.SortStableFunc(t.Problems, func(a, b segment.Problem) int { return cmp.Compare(a.Kind, b.Kind) })
	return t
}
