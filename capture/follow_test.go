package capture

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"reflect"
	"testing"

	"tcpwarm/capture/segment"
)

// A growing reader has no more than some bytes of a file, and more each time it has said so.
type growingFile struct {
	content []byte
	at, end int
	step    int
}

func (g *growingFile) Read(b []byte) (int, error) {
	if g.at == g.end {
		if g.end == len(g.content) {
			return 0, io.EOF
		}
		g.end = min(len(g.content), g.end+g.step)
		return 0, ErrNoneYet
	}
	n := copy(b, g.content[g.at:g.end])
	g.at += n
	return n, nil
}

// A capture that grows while it is read gives the same packets, wherever it stops for a while: also within a record.
func TestReaderFollows(t *testing.T) {
	saved, err := os.ReadFile("../pcaps/axios-two-agents.pcap")
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"pcap": saved, "pcapng, as we write it": rewritten(t, saved)} {
		read := func(in io.Reader) (all []segment.Segment, fills int, totals segment.Totals) {
			r, err := OpenReader(name, in)
			if err != nil {
				t.Fatal(err)
			}
			for err == nil {
				var b segment.Batch // of its own: payloads are compared
				err = r.Fill(&b)
				all = append(all, b.Segments...)
				fills++
			}
			if err != io.EOF {
				t.Fatal(err)
			}
			return all, fills, r.Totals()
		}
		want, _, totals := read(&growingFile{content: content, end: len(content)})
		for _, step := range []int{1, 7, 100, 5000} {
			got, fills, sums := read(&growingFile{content: content, end: 200, step: step})
			if !reflect.DeepEqual(got, want) || !reflect.DeepEqual(sums, totals) {
				t.Errorf("%s, %d bytes more each time: %d segments, want %d; %+v, want %+v", name, step, len(got), len(want), sums, totals)
			}
			if least := (len(content) - 200) / step; fills < least {
				t.Errorf("%s, %d bytes more each time: filled %d times, want %d: it waited", name, step, fills, least)
			}
		}
	}
}

// rewritten is what a Writer makes of a pcap file, in which each packet was in the file at once.
func rewritten(t *testing.T, pcap []byte) []byte {
	var to bytes.Buffer
	w := NewWriter(WriteOptions{To: &to})
	if err := w.Flush(); err != nil || to.Len() > 0 {
		t.Errorf("before a packet: %v, %d bytes", err, to.Len())
	}
	link := binary.LittleEndian.Uint32(pcap[20:])
	for rest := pcap[24:]; len(rest) > 0; {
		n := int(binary.LittleEndian.Uint32(rest[8:]))
		had := to.Len()
		if err := w.Write(&Frame{Data: rest[16 : 16+n], Wire: n, Link: link}); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil || to.Len() < had+n {
			t.Errorf("%v, %d bytes of a packet of %d", err, to.Len()-had, n)
		}
		rest = rest[16+n:]
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return to.Bytes()
}
