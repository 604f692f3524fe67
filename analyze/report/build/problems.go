package build

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"tcpwarm/analyze/report"
)

// problems are the limits that were reached, and what else kept parts of the capture from
// being used; those that did not occur have a count of 0.
func problems(r *Result) []report.Problem {
	l := &r.Lost
	return []report.Problem{
		{Kind: "bytes-missing", Count: l.Missing.N, FirstPacket: l.Missing.First,
			Text: "bytes that were acknowledged, or sent before others, and are not in the capture"},
		{Kind: "one-direction-only", Count: l.OneWay.N, FirstPacket: l.OneWay.First,
			Text: "connections of which the capture has what one side sent, and nothing of the other's"},
		{Kind: "connections-given-up", Count: l.GaveUp,
			Text: "more connections at once than " + memory(r.Memory) + " hold (--memory); " +
				"the half-open and those idle longest were given up"},
		{Kind: "records-not-kept", Count: l.Connections,
			Text: fmt.Sprintf("closed connections beyond the %d, or a quarter of %s, kept in full; totals and pools count them",
				r.KeptConnections, memory(r.Memory))},
		{Kind: "pools-not-kept", Count: l.Pools,
			Text: fmt.Sprintf("pools beyond about %d, or their part of %s; totals count them, a client that came back later began "+
				"a new one, whose verdict may not be known for that", r.KeptPools, memory(r.Memory))},
		{Kind: "transactions-not-kept", Count: l.Transactions,
			Text: fmt.Sprintf("transactions beyond the %d, or their part of %s, kept in full, or on connections beyond the %d; "+
				"totals and pools count them", r.KeptTransactions, memory(r.Memory), r.KeptConnections)},
		{Kind: "findings-cut", Count: int64(len(r.Findings.Counts.Cut)),
			Text: "kinds of findings of which there may be more than counted, for too much was to be held against each other: " +
				strings.Join(slices.Sorted(maps.Keys(r.Findings.Counts.Cut)), ", ")},
		{Kind: "other-connections", Count: l.Foreign,
			Text: "connections that are not the command's; they were not judged"},
		{Kind: "seen-twice", Count: l.Duplicates.N, FirstPacket: l.Duplicates.First,
			Text: "connections captured at a second place too, behind an address translator; judged once, " +
				"where they were nearest to the client"},
		{Kind: "stray-segments", Count: l.Late.N, FirstPacket: l.Late.First,
			Text: "segments of connections that had ended and were let go; not counted with them"},
		{Kind: "unacceptable-segments", Count: l.Unacceptable.N, FirstPacket: l.Unacceptable.First,
			Text: "segments with numbers further from their connection's than any window reaches, or of a " +
				"second SYN-ACK that the client did not take, or SYNs within one that went on, or whose checksum is wrong " +
				"where others' are right; not counted with it"},
		{Kind: "inconsistent-segments", Count: l.Inconsistent.N, FirstPacket: l.Inconsistent.First,
			Text: "segments that repeat other bytes, or a SYN with another TTL or other options, at the same sequence numbers, or " +
				"what may be forged otherwise; what was taken of them is not known, nor what rests on them"},
		{Kind: "stream-overflow", Count: l.Overflows,
			Text: "holes given up because too many bytes waited behind them"},
		{Kind: "decided-early", Count: r.Forced,
			Text: "openings judged before all that bears on them was seen: too much was waiting"},
	}
}

// memory returns n bytes in words.
func memory(n int64) string {
	if n%(1<<20) == 0 {
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d bytes", n)
}
