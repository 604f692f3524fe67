package main

import (
	"bytes"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// A frame that is cut has the same content as its pieces together, which are in order, and of which
// only the first says CWR and only the last PSH. Their checksums are right.
func TestCut(t *testing.T) {
	content := make([]byte, 2500)
	for i := range content {
		content[i] = byte(i)
	}
	for _, v6 := range []bool{false, true} {
		f, ok := parse(build(t, v6, content))
		if !ok || f.v6 != v6 || f.content() != len(content) {
			t.Fatalf("IPv6 %v: %+v", v6, f)
		}
		f.data[f.tcp+16] ^= 0xff // the kernel leaves it to the device
		var got []byte
		n := 0
		f.cut(1000, func(b []byte) {
			piece, ok := parse(b)
			if !ok {
				t.Fatal("a piece that is no frame of TCP")
			}
			packet := gopacket.NewPacket(b, layers.LayerTypeEthernet, gopacket.Default)
			tcp := packet.Layer(layers.LayerTypeTCP).(*layers.TCP)
			if tcp.Seq != 7000+uint32(len(got)) || tcp.CWR != (n == 0) || tcp.PSH != (n == 2) {
				t.Errorf("piece %d: sequence number %d, CWR %v, PSH %v", n, tcp.Seq, tcp.CWR, tcp.PSH)
			}
			if ip := packet.Layer(layers.LayerTypeIPv4); ip != nil && ip.(*layers.IPv4).Id != 5+uint16(n) {
				t.Errorf("piece %d: identification %d", n, ip.(*layers.IPv4).Id)
			}
			if s := verify(piece); s != 0xffff {
				t.Errorf("piece %d: the sum over it is %#x", n, s)
			}
			got = append(got, tcp.Payload...)
			n++
		})
		if n != 3 || !bytes.Equal(got, content) {
			t.Errorf("IPv6 %v: %d pieces, %d bytes", v6, n, len(got))
		}
	}
}

// verify adds a segment, its checksum and its pseudo header, which gives all ones.
func verify(f frame) uint32 {
	addresses := f.data[f.ip+12 : f.ip+20]
	if f.v6 {
		addresses = f.data[f.ip+8 : f.ip+40]
	}
	s := sum(addresses) + protocolTCP + uint32(len(f.data)-f.tcp) + sum(f.data[f.tcp:])
	for s > 0xffff {
		s = s>>16 + s&0xffff
	}
	return s
}

// Only a frame whose sender knows ECN marks gets one. What is below the size stays one piece.
func TestMark(t *testing.T) {
	for _, v6 := range []bool{false, true} {
		f, _ := parse(build(t, v6, []byte("x")))
		if f.mark() {
			t.Error("marked without ECT")
		}
		if v6 {
			f.data[f.ip+1] |= 0x20
		} else {
			f.data[f.ip+1] |= 2
		}
		if !f.mark() {
			t.Error("ECT, but not marked")
		}
		if v6 && f.data[f.ip+1]&0x30 != 0x30 || !v6 && f.data[f.ip+1]&3 != 3 {
			t.Errorf("no CE: %#x", f.data[f.ip+1])
		}
		n := 0
		f.cut(1000, func([]byte) { n++ })
		if n != 1 {
			t.Errorf("%d pieces of one byte", n)
		}
	}
}

// build makes a frame with right checksums.
func build(t *testing.T, v6 bool, content []byte) []byte {
	t.Helper()
	ethernet := &layers.Ethernet{SrcMAC: make([]byte, 6), DstMAC: make([]byte, 6), EthernetType: layers.EthernetTypeIPv4}
	tcp := &layers.TCP{SrcPort: 80, DstPort: 5000, Seq: 7000, Ack: 1, ACK: true, PSH: true, CWR: true, Window: 100}
	var ip gopacket.SerializableLayer
	if v6 {
		ethernet.EthernetType = layers.EthernetTypeIPv6
		six := &layers.IPv6{Version: 6, NextHeader: layers.IPProtocolTCP, SrcIP: make([]byte, 16), DstIP: make([]byte, 16)}
		six.SrcIP[15], six.DstIP[15] = 1, 2
		tcp.SetNetworkLayerForChecksum(six)
		ip = six
	} else {
		four := &layers.IPv4{Version: 4, Id: 5, TTL: 64, Protocol: layers.IPProtocolTCP,
			SrcIP: []byte{10, 0, 0, 1}, DstIP: []byte{10, 0, 0, 2}}
		tcp.SetNetworkLayerForChecksum(four)
		ip = four
	}
	b := gopacket.NewSerializeBuffer()
	err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, ethernet, ip, tcp,
		gopacket.Payload(content))
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
