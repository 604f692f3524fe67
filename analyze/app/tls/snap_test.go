package tls

import (
	"encoding/binary"
	"slices"
	"testing"
)

// A recorder notes the lengths of records, and the bytes that are missing of none.
type recorder struct {
	discard
	lengths []int
	missing int64
}

func (r *recorder) Record(x Record)             { r.lengths = append(r.lengths, x.Length) }
func (r *recorder) Gap(_ bool, n int64, _ Mark) { r.missing += n }

// wireRecord is a protected record of a fragment of n bytes, none of which looks like a header.
func wireRecord(n int) []byte {
	b := make([]byte, headerLen+n)
	b[0], b[1], b[2] = RecordData, 3, 3
	binary.BigEndian.PutUint16(b[3:], uint16(n))
	for i := range n {
		b[headerLen+i] = 0xee
	}
	return b
}

// A piece is what a packet carries, and how much of it was captured.
type piece struct {
	b    []byte
	kept int
}

// snapped hands pieces of the server on as a capture has them whose snap length cuts them off.
func snapped(pieces ...piece) *recorder {
	r := &recorder{}
	c := new(Conn)
	c.Reset(nil, r)
	for i, p := range pieces {
		k := min(p.kept, len(p.b))
		c.Bytes(false, p.b[:k], mark(i))
		if n := len(p.b) - k; n > 0 {
			c.Gap(false, int64(n), mark(i))
		}
	}
	return r
}

func join(parts ...[]byte) []byte { return slices.Concat(parts...) }

// Without keys a record's header says all there is to know of it: where the snap length cuts the
// rest off, nothing is missing.
func TestRecordsCutByTheSnapLength(t *testing.T) {
	long := wireRecord(5000)
	for _, x := range []struct {
		claim   string
		pieces  []piece
		lengths []int
		missing int64
	}{
		{"a record in a segment each", []piece{{wireRecord(900), 60}, {wireRecord(800), 60}}, []int{900, 800}, 0},
		{"a record over several segments", []piece{{long[:1460], 60}, {long[1460:2920], 60}, {long[2920:], 60}, {wireRecord(300), 60}},
			[]int{5000, 300}, 0},
		{"one that ends where the next is still seen to begin", []piece{{join(wireRecord(40), wireRecord(900)), 60}}, []int{40, 900}, 0},
		{"records within what is cut off are not known, the first one is", []piece{{join(wireRecord(200), wireRecord(30)), 60}},
			[]int{200}, 35},
		{"after that, the next that begins a segment is found", []piece{{join(wireRecord(200), wireRecord(30)), 60}, {wireRecord(900), 60}, {wireRecord(70), 80}},
			[]int{200, 900, 70}, 35},
		{"also the shortest that there is", []piece{{join(wireRecord(200), wireRecord(30)), 60}, {wireRecord(minSealed), 60}, {wireRecord(900), 60}},
			[]int{200, minSealed, 900}, 35},
		{"also if no more than its header is there", []piece{{join(wireRecord(200), wireRecord(30)), 60}, {wireRecord(900), headerLen}, {wireRecord(70), 80}},
			[]int{200, 900, 70}, 35},
		{"and one within a segment is not", []piece{{join(wireRecord(200), wireRecord(30)), 60}, {join([]byte("123"), wireRecord(900)), 60}},
			[]int{200}, 35 + 848},
		{"a header that is cut off itself", []piece{{join(wireRecord(40), wireRecord(900)), 47}}, []int{40}, 903},
	} {
		r := snapped(x.pieces...)
		if !slices.Equal(r.lengths, x.lengths) || r.missing != x.missing {
			t.Errorf("%s: records of %v, %d bytes missing; want %v, %d", x.claim, r.lengths, r.missing, x.lengths, x.missing)
		}
	}
}

// What only looks like the header of a record of data is none: too short for a tag, too long,
// or of another version.
func TestNoRecordBeginsAfterTheSnapLength(t *testing.T) {
	lost := piece{join(wireRecord(200), wireRecord(30)), 60}
	for claim, b := range map[string][]byte{
		"too short": {RecordData, 3, 3, 0, minSealed - 1}, "too long": {RecordData, 3, 3, 0x60, 0},
		"no version": {RecordData, 3, 9, 1, 0}, "no data": {recordHandshake, 3, 3, 1, 0},
	} {
		r := snapped(lost, piece{join(b, make([]byte, 500)), 60}, piece{make([]byte, 100), 60})
		if len(r.lengths) != 1 {
			t.Errorf("%s: records of %v", claim, r.lengths)
		}
	}
}

// A record that the snap length cuts off counts among those that were not opened: keys that come later open the next by
// its number.
func TestCutRecordsAreCounted(t *testing.T) {
	c := new(Conn)
	c.Reset(nil, discard{})
	for i := range 3 {
		c.Bytes(false, wireRecord(900)[:60], mark(i))
		c.Gap(false, headerLen+900-60, mark(i))
	}
	if m := c.half[fromServer].missing; m.records != 3 || m.bytes != 0 {
		t.Errorf("%+v", m)
	}
}
