package engine

import (
	"fmt"
	"io"
	"slices"
	"testing"

	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/report"
	"tcpwarm/capture/segment"
	"tcpwarm/pcaps/script"
)

// record returns a connection's with as many transactions.
func record(id int64, transactions int) *report.Connection {
	r := &report.Connection{ID: id}
	for range transactions {
		r.Transactions = append(r.Transactions, &report.Transaction{})
	}
	return r
}

// What was blamed and is read once more takes the place of connections that nothing rests on, the latest first: no more
// of them than each of the limits asks for, and what goes is counted as not kept.
func TestRoomForEvidence(t *testing.T) {
	size := func(transactions int) int64 { return int64(record(0, transactions).Memory()) }
	all := 3 * size(2)
	for _, x := range []struct {
		name                      string
		connections, transactions int
		memory                    int64
		needed                    []int64
		fits                      bool
		gone                      int // of those of two transactions each
	}{
		{"room for all", 4, 8, all + size(2), nil, true, 0},
		{"too many connections", 3, 8, all + size(2), nil, true, 1},
		{"too many transactions", 4, 7, all + size(2), nil, true, 1},
		{"more transactions too many", 4, 5, all + size(2), nil, true, 2},
		{"too much memory", 4, 8, all + size(2)/2, nil, true, 1},
		{"something rests on all", 3, 8, all + size(2), []int64{1, 2, 3}, false, 0},
		{"something rests on the latest", 3, 8, all + size(2), []int64{3}, true, 1},
		{"no room though all go", 4, 1, all + size(2), nil, false, 3},
	} {
		k := &collector{}
		have, needed := map[int64]*report.Connection{}, map[int64]bool{}
		for id := int64(1); id <= 3; id++ {
			r := record(id, 2)
			k.kept, have[id] = append(k.kept, r), r
			k.transactions += 2
			k.memory += int64(r.Memory())
		}
		for _, id := range x.needed {
			needed[id] = true
		}
		k.o.Limits = Limits{KeptConnections: x.connections, KeptTransactions: x.transactions}
		for k.o.Limits.Memory = 1; k.mostMemory() < x.memory; k.o.Limits.Memory++ { // a part of it is for them
		}
		room := k.makeRoom(followed{record: record(9, 2), kept: 2}, have, needed)
		if room != x.fits || len(k.kept) != 3-x.gone || len(have) != 3-x.gone || k.transactions != 2*len(k.kept) ||
			k.memory != int64(len(k.kept))*size(2) || k.lost.Connections != int64(x.gone) || k.lost.Transactions != 2*int64(x.gone) {
			t.Errorf("%s: %v, %d kept, %d transactions, %d bytes, not kept %+v", x.name, room, len(k.kept), k.transactions, k.memory, k.lost)
		}
		for _, id := range x.needed {
			if have[id] == nil {
				t.Errorf("%s: %d is gone", x.name, id)
			}
		}
	}
}

// Of a record that is kept without its transactions the place is taken, and no other.
func TestEvidenceTakesItsOwnPlace(t *testing.T) {
	k := &collector{}
	old := record(1, 0)
	have := map[int64]*report.Connection{1: old}
	k.kept, k.memory = []*report.Connection{old}, int64(old.Memory())
	k.o.Limits = Limits{KeptConnections: 1, KeptTransactions: 2, Memory: 1 << 20}
	if !k.makeRoom(followed{record: record(1, 2), kept: 2}, have, map[int64]bool{1: true}) || len(k.kept) != 1 || k.lost.Connections != 0 {
		t.Errorf("%d kept, %+v", len(k.kept), k.lost)
	}
}

// What is inserted counts as kept again, whether its record was kept without its transactions or not at all.
func TestEvidenceCounts(t *testing.T) {
	k := &collector{}
	old := record(1, 0)
	have := map[int64]*report.Connection{1: old}
	k.kept, k.memory = []*report.Connection{old}, int64(old.Memory())
	k.lost.Connections, k.lost.Transactions = 1, 5
	k.o.Limits = Limits{KeptConnections: 2, KeptTransactions: 5, Memory: 1 << 20}
	k.insert([]pool.Decision{{Conn: 1, InsteadOf: 2}}, have, map[int64]followed{1: {record(1, 2), 2}, 2: {record(2, 3), 3}})
	if len(k.kept) != 2 || k.kept[0] != old || len(old.Transactions) != 2 || k.transactions != 5 ||
		k.memory != int64(record(1, 2).Memory()+record(2, 3).Memory()) || k.lost.Connections != 0 || k.lost.Transactions != 0 {
		t.Errorf("%d kept, %d transactions, %d bytes, not kept %+v", len(k.kept), k.transactions, k.memory, k.lost)
	}
}

// What there is no room for is left out, and what was not found again.
func TestEvidenceIsLeftOut(t *testing.T) {
	k := &collector{}
	old := record(1, 2)
	have := map[int64]*report.Connection{1: old}
	k.keep(old, nil)
	if k.memory != int64(old.Memory()) {
		t.Errorf("%d bytes are kept, not %d", k.memory, old.Memory())
	}
	k.o.Limits = Limits{KeptConnections: 1, KeptTransactions: 9, Memory: 1 << 20}
	k.insert([]pool.Decision{{Conn: 1, InsteadOf: 2}, {Conn: 3}}, have, map[int64]followed{2: {record(2, 3), 3}})
	if len(k.kept) != 1 || k.kept[0] != old || k.memory != int64(old.Memory()) {
		t.Errorf("%d kept, %d bytes", len(k.kept), k.memory)
	}
}

// Of the decisions that there are too many of those stay that double a pool's number, the highest first, and then its first.
func TestBlamedThatStay(t *testing.T) {
	b := &blamed{most: 6}
	for n := range int64(12) {
		b.list = append(b.list, pool.Decision{Nth: n + 1, Conn: n + 1})
	}
	b.cut()
	var left []int64
	for i := range b.list {
		left = append(left, b.list[i].Nth)
	}
	if want := []int64{8, 4, 2, 1, 3, 5}; !slices.Equal(left, want) {
		t.Errorf("%v, want %v", left, want)
	}
}

// Each decision may need two connections: of those half as many are looked at as there may be connections.
func TestWorstAreBounded(t *testing.T) {
	const some = maxEvidence/2 + 7
	b := &blamed{most: some}
	var pools []*pool.Pool
	for id := range int64(some) {
		pools = append(pools, &pool.Pool{ID: id})
		b.list = append(b.list, pool.Decision{Pool: id, Conn: id})
	}
	if n := len(b.worst(pools, func(serial int64) int64 { return serial })); n != maxEvidence/2 {
		t.Errorf("%d decisions", n)
	}
}

// A scripted source has all segments of a script at once.
type scripted []segment.Segment

func (s scripted) Fill(b *segment.Batch) error {
	b.Segments = append(b.Segments[:0], s...)
	return io.EOF
}

func (s scripted) Totals() segment.Totals { return segment.Totals{Packets: int64(len(s))} }

// Of two connections of the same ends the one is found whose first packet is named, and nothing of the other.
func TestFollowsOneOfTheSameEnds(t *testing.T) {
	const one = `+1 > S %[1]d:%[1]d(0) <mss 1460>
+0.02 < S. %[1]d:%[1]d(0) ack %[2]d <mss 1460>
+0 > . %[2]d:%[2]d(0) ack %[2]d
+0.001 > P. + ack + "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
+0.02 < P. + ack + "HTTP/1.1 204 No Content\r\n\r\n"
+0.001 > F. + ack +
+0.02 < F. + ack +
+0 > . +(0) ack +
`
	s, err := script.Parse(fmt.Sprintf(one, 0, 1) + fmt.Sprintf(one, 90_000_000, 90_000_001))
	if err != nil {
		t.Fatal(err)
	}
	for first, want := range map[int64]int64{1: 77, 9: 88} {
		var o Options
		o.Workers = 1
		o.Limits.setDefaults()
		found := follow(t.Context(), scripted(s.Segments()), o, map[int64]int64{first: want})
		if r := found[want].record; len(found) != 1 || r == nil || r.FirstPacket != first {
			t.Errorf("from packet %d: %+v", first, found)
		}
	}
}
