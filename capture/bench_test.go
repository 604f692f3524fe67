package capture

import (
	"encoding/binary"
	"os"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"tcpwarm/capture/assigned"
	"tcpwarm/capture/segment"
)

// usual is a frame as most are: Ethernet, IPv4, TCP with timestamps.
func usual() []byte {
	stamps := append([]byte{}, "\x01\x02\x03\x04\x05\x06\x07\x08"...)
	tcp := tcpFrom(9)
	tcp.Options = []layers.TCPOption{{OptionType: 1}, {OptionType: 1}, {OptionType: 8, OptionLength: 10, OptionData: stamps}}
	return serialize(
		&layers.Ethernet{SrcMAC: make([]byte, 6), DstMAC: make([]byte, 6), EthernetType: layers.EthernetTypeIPv4},
		ip4(layers.IPProtocolTCP), tcp, gopacket.Payload(strings.Repeat("x", 1400)))
}

func TestDecodeAllocatesNothing(t *testing.T) {
	d := decoder{loopback: true}
	b := segment.Batch{Segments: make([]segment.Segment, 0, 1)}
	p := packet{data: usual(), link: assigned.LinkEthernet, orig: 1466, time: 1, timed: true}
	if n := testing.AllocsPerRun(100, func() {
		b.Segments = b.Segments[:0]
		d.packet(&b, &p)
	}); n != 0 || len(b.Segments) != 1 {
		t.Errorf("%v allocations a packet, want 0; %d segments", n, len(b.Segments))
	}
}

// BenchmarkDecode is the decoder alone, into batches that stay in the cache.
func BenchmarkDecode(b *testing.B) {
	d := decoder{loopback: true}
	var batch segment.Batch
	p := packet{data: usual(), link: assigned.LinkEthernet, orig: 1466, time: 1, timed: true}
	b.ReportAllocs()
	for b.Loop() {
		if len(batch.Segments) == 64 {
			batch.Segments = batch.Segments[:0]
		}
		d.packet(&batch, &p)
	}
}

// BenchmarkFill is reading and decoding, from memory.
func BenchmarkFill(b *testing.B) {
	w := newPcapFile(binary.LittleEndian, magicMicro, 0, assigned.LinkEthernet)
	for range 100 {
		w.packet(1, 0, 1466, usual())
	}
	r, err := OpenReader("bench", &endless{b: w.Bytes()})
	if err != nil {
		b.Fatal(err)
	}
	fill(b, r)
}

// BenchmarkFile reads the capture that TCPWARM_BENCH names, if any.
func BenchmarkFile(b *testing.B) {
	name := os.Getenv("TCPWARM_BENCH")
	if name == "" {
		b.Skip("TCPWARM_BENCH names no capture")
	}
	var packets int64
	for b.Loop() {
		totals, err := count(name)
		if err != nil {
			b.Fatal(err)
		}
		packets += totals.Packets
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(packets), "ns/packet")
}

func fill(b *testing.B, r *Reader) {
	var batch segment.Batch
	b.ReportAllocs()
	for b.Loop() {
		if err := r.Fill(&batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(r.Totals().Packets), "ns/packet")
}

// batchOfOne returns a batch with room for a segment.
func batchOfOne() segment.Batch { return segment.Batch{Segments: make([]segment.Segment, 0, 1)} }
