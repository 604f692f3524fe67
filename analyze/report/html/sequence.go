package html

import (
	"slices"

	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/timesequence"
	"tcpwarm/analyze/tcp"
)

// Bounds of a page's time-sequence graphs. Where there are more than fewSequences, each has fewer strokes: a
// page with mostSequences of bulk transfers that lose much has some 400 kB of them.
const (
	mostSequences = 24 // connections that have some: those with the most to see
	fewSequences  = 6
	thinStrokes   = 128
)

func sequencesOf(recorded *timesequence.Recorder) map[int64]*timesequence.Connection {
	all := map[int64]*timesequence.Connection{}
	for _, c := range recorded.Most(mostSequences) {
		all[c.ID] = c
	}
	return all
}

// A sequence is the time-sequence graph of what one side sent, with strokes by tcp.StepKind; nil: there are none.
type sequence struct {
	From  string                  `json:"f"`
	Kinds [tcp.StepKinds]*strokes `json:"k"`

	bytes int64 // of new data
}

// strokes are those of a kind, in columns. All but lengths and counts are told by how much they are more than the
// one before: they are long, and their differences are short.
type strokes struct {
	At     []int64 `json:"t"` // microseconds, at first since the page's zero
	Packet []int64 `json:"p"`
	Start  []int64 `json:"s"`           // of the numbers; of an ACK, what it acknowledges
	Length []int64 `json:"l"`           // of an ACK, of the window; less than 0: not known
	Count  []int64 `json:"n,omitempty"` // of segments; absent: one each
	Last   []int64 `json:"q,omitempty"` // packet, by how much it is more than the first; absent: likewise
}

// sequencesOf returns the graphs of a connection, the one with the most data first.
func (d *drawing) sequencesOf(connection int64) (all []sequence) {
	c := d.sequences[connection]
	if c == nil {
		return nil
	}
	for _, side := range []struct {
		from  string
		graph *timesequence.Graph
	}{{"server", &c.Server}, {"client", &c.Client}} {
		g := side.graph
		if len(d.sequences) > fewSequences {
			g = g.Thinned(thinStrokes)
		}
		q := sequence{From: side.from}
		for _, s := range g.Strokes(tcp.NewStep) {
			q.bytes += s.To - s.From
		}
		some := false
		for kind := range tcp.StepKind(tcp.StepKinds) {
			q.Kinds[kind] = d.strokes(g.Strokes(kind))
			some = some || q.Kinds[kind] != nil
		}
		if some {
			all = append(all, q)
		}
	}
	slices.SortStableFunc(all, func(a, b sequence) int { return int(min(1, max(-1, b.bytes-a.bytes))) })
	return all
}

// strokes puts list into columns; nil for none.
func (d *drawing) strokes(list []timesequence.Stroke) *strokes {
	if len(list) == 0 {
		return nil
	}
	s := &strokes{}
	var at, packet, start int64
	joined := slices.ContainsFunc(list, func(x timesequence.Stroke) bool { return x.N > 1 })
	for _, x := range list {
		now := d.at(report.Instant(x.At))
		s.At, s.Packet, s.Start = append(s.At, now-at), append(s.Packet, x.Packet-packet), append(s.Start, x.From-start)
		s.Length = append(s.Length, x.To-x.From)
		if joined {
			s.Count, s.Last = append(s.Count, int64(x.N)), append(s.Last, x.Last-x.Packet)
		}
		at, packet, start = now, x.Packet, x.From
	}
	return s
}
