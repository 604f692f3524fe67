package capture

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unsafe"

	"tcpwarm/capture/assigned"
	"tcpwarm/capture/segment"
)

// within reports whether p is a part of b.
func within(p, b []byte) bool {
	if len(p) == 0 {
		return true
	}
	from := uintptr(unsafe.Pointer(unsafe.SliceData(b)))
	at := uintptr(unsafe.Pointer(unsafe.SliceData(p)))
	return at >= from && at+uintptr(len(p)) <= from+uintptr(len(b))
}

// Payloads are parts of their own batch, and stay what they are while other
// batches are filled, however the bytes come in.
func TestBatchesInFlight(t *testing.T) {
	w := newPcapFile(binary.LittleEndian, magicNano, 0, assigned.LinkEthernet)
	const packets = 9000
	for i := range packets {
		f := frame(i, fmt.Sprint("payload ", i, strings.Repeat(".", i%200)))
		w.packet(uint32(i), 0, len(f), f)
	}
	for name, in := range map[string]io.Reader{
		"whole":      bytes.NewReader(w.Bytes()),
		"halves":     iotest.HalfReader(bytes.NewReader(w.Bytes())),
		"with error": iotest.DataErrReader(bytes.NewReader(w.Bytes())),
		"gzip":       bytes.NewReader(zipped(w.Bytes())),
	} {
		r, err := OpenReader(name, in)
		if err != nil {
			t.Fatal(err)
		}
		var all []*segment.Batch
		for err == nil {
			b := &segment.Batch{Segments: make([]segment.Segment, 5)}
			err = r.Fill(b)
			all = append(all, b)
			if len(b.Segments) > maxInBatch || len(b.Bytes) > blockSize {
				t.Fatalf("%s: %d segments, %d bytes", name, len(b.Segments), len(b.Bytes))
			}
		}
		i := 0
		for _, b := range all {
			for _, s := range b.Segments {
				want := fmt.Sprint("payload ", i, strings.Repeat(".", i%200))
				if i++; string(s.Payload) != want || s.Packet != int64(i) || !within(s.Payload, b.Bytes) {
					t.Fatalf("%s: packet %d is %d with %q", name, i, s.Packet, s.Payload)
				}
			}
		}
		if err != io.EOF || i != packets {
			t.Errorf("%s: %d segments, %v", name, i, err)
		}
	}
}

// An error of the disk is not taken for a cut, nor a reader that gives nothing
// for one that ends.
func TestReadErrors(t *testing.T) {
	w := newPcapFile(binary.LittleEndian, magicMicro, 0, assigned.LinkEthernet)
	w.packet(1, 1, 56, frame(1, "ab"))
	for _, c := range []struct {
		in   io.Reader
		want error
	}{
		{iotest.ErrReader(io.ErrClosedPipe), io.ErrClosedPipe},
		{idle{}, io.ErrNoProgress},
	} {
		r, err := OpenReader("x.pcap", io.MultiReader(bytes.NewReader(w.Bytes()), c.in))
		if err != nil {
			t.Fatal(err)
		}
		all, err := drain(t, r)
		if f := wantFormatError(t, err); f.Err != c.want || len(all) != 1 || f.Packet != 1 || f.Offset != int64(w.Len()) {
			t.Errorf("%d segments, %v", len(all), err)
		}
	}
}

// An idle reader gives nothing, for ever.
type idle struct{}

func (idle) Read([]byte) (int, error) { return 0, nil }

func TestMessages(t *testing.T) {
	w := newPcapFile(binary.LittleEndian, magicMicro, 0, assigned.LinkEthernet)
	w.packet(1, 1, 56, frame(1, "ab"))
	cut := w.Bytes()[:w.Len()-1]
	for _, c := range []struct{ in, want string }{
		{string(cut), "x.pcap: after packet 0, offset 99: the file is cut short"},
		{w.String() + "\x00", "x.pcap: after packet 1, offset 101: the file is cut short"},
		{string(cut[:10]), "x.pcap: the file is cut short"},
		{"", "x.pcap: the file is empty"},
		{"GET / HTTP/1.1", "x.pcap: neither pcap nor pcapng"},
		{"snoop\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x04", "x.pcap: a capture of snoop (RFC 1761), which is not read; " +
			"editcap -F pcapng, of Wireshark, makes a capture that is of most"},
		{"snooping around", "x.pcap: neither pcap nor pcapng"},
		{"\x04\x22\x4d\x18....", "x.pcap: compressed with lz4, which is not read; gzip, zstd and bzip2 are"},
		{"\xd4\xc3\xb2\xa1\x03\x00\x04\x00" + strings.Repeat("\x00", 16), "x.pcap: pcap version 3.4 is not known"},
	} {
		r, err := OpenReader("x.pcap", strings.NewReader(c.in))
		if err == nil {
			_, err = drain(t, r)
		}
		if err == nil || err.Error() != c.want {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
	if _, err := OpenAll(nil, nil); err == nil {
		t.Error("no files are no error")
	}
	if _, err := Open("absent.pcap"); err == nil || !strings.Contains(err.Error(), "absent.pcap") {
		t.Errorf("%v names no file", err)
	}
}
