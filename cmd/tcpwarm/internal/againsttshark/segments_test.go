package againsttshark

import (
	"encoding/hex"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"tcpwarm/capture"
	"tcpwarm/capture/segment"
)

// segmentsDiffer are captures of whose segments tshark says something else, and why.
var segmentsDiffer = map[string]string{
	"derived/get-fcs-bits.pcap":         "the header tells of check sequences that the frames do not have: tshark cuts them off",
	"derived/get-snap40.pcap":           "cut before the TCP flags: tshark shows ports, and flags of 0",
	"derived/get-tcp-doff-1.pcap":       "a header of 4 bytes: tshark shows its ports",
	"derived/get-tcp-doff-15.pcap":      "a header longer than its packet: tshark shows its ports",
	"derived/get-unknown-blocks.pcapng": "blocks of an unknown kind are packets to tshark, and get numbers",
	"tcpdump/tcp_rst_data.pcap":         "what a RST carries is a diagnostic text: to tshark it is no payload",
	"zeek/cisco-fabric-path.pcap":       "IP packets that end within the TCP header: tshark gives them no length",
	"zeek/smtp.pcap":                    "packets quoted by ICMP: they were not sent here",
	"zeek/tcp__reassembly.pcap":         "frames shorter than IP says: what is acknowledged later says that IP is right",

	"pcapng-test-generator/output_be__basic__test018.pcapng":     "blocks of custom kinds are packets to tshark",
	"pcapng-test-generator/output_be__difficult__test202.pcapng": "blocks of custom kinds are packets to tshark",
	"pcapng-test-generator/output_le__advanced__test102.pcapng":  "blocks of custom kinds are packets to tshark",
	"pcapng-test-generator/output_le__difficult__test202.pcapng": "blocks of custom kinds are packets to tshark",
}

// tsharkReadsNone are captures that tshark does not read at all, and why.
var tsharkReadsNone = map[string]string{
	"libpcap/pcapng-invalid-vers-2.pcapng": "version 1.1 of pcapng is unknown to tshark",
}

// mostDifferent is how many packets of a capture are shown.
const mostDifferent = 3

// Every segment of every capture here is what tshark says: of the same packet, with the same
// ports, numbers, flags and length.
func TestSegmentsAsTshark(t *testing.T) {
	names := captures(t)
	var compared, run atomic.Int64
	t.Run("all", func(t *testing.T) {
		for _, name := range names {
			id, _ := filepath.Rel(corpus, name)
			t.Run(id, func(t *testing.T) {
				t.Parallel()
				run.Add(1)
				ours, theirs := ourSegments(name), dissect(name).segments
				if theirs == nil {
					if why := tsharkReadsNone[id]; (why != "") != (len(ours) > 0) {
						t.Errorf("%d packets, tshark reads none; stated is %q", len(ours), why)
					}
					return
				}
				var all []string
				for i := range max(len(ours), len(theirs)) {
					if i < len(ours) && i < len(theirs) && ours[i] == theirs[i] {
						compared.Add(1)
						continue
					}
					all = append(all, fmt.Sprintf("packet %d: %.200q, tshark %.200q", i+1, at(ours, i), at(theirs, i)))
				}
				if why, known := segmentsDiffer[id]; known != (len(all) > 0) {
					t.Errorf("%d packets, stated is %q: %s", len(all), why, strings.Join(all[:min(len(all), mostDifferent)], "; "))
				}
			})
		}
	})
	if n := compared.Load(); int(run.Load()) == len(names) && n < 9_000 {
		t.Errorf("only %d packets were compared", n)
	}
	t.Logf("%d packets are the same", compared.Load())
}

func at(all []string, i int) string {
	if i >= len(all) {
		return "none"
	}
	return all[i]
}

// ourSegments writes the segment of each packet as segmentOf does, "" where there is none.
func ourSegments(name string) (all []string) {
	r, err := capture.Open(name)
	if err != nil {
		return nil
	}
	defer r.Close()
	upTo := func(packets int64) {
		for int64(len(all)) < packets {
			all = append(all, "")
		}
	}
	var b segment.Batch
	for err == nil {
		err = r.Fill(&b) // what ends a file early is tshark's matter too
		for i := range b.Segments {
			s := &b.Segments[i]
			upTo(s.Packet)
			all[s.Packet-1] = fmt.Sprintf("%d %d %d %d %#x %d %s", s.From().Port, s.To().Port, uint32(s.Seq), uint32(s.Ack), uint8(s.Flags),
				s.Len, hex.EncodeToString(s.Payload))
		}
	}
	upTo(r.Totals().Packets)
	return all
}

// segmentOf writes what a line of fields says of a packet's innermost segment, "" for none.
func segmentOf(f []string) string {
	innermost := func(i int) string { return f[i][strings.LastIndexByte(f[i], ',')+1:] }
	first, length := len(counted), innermost(1)
	if f[first] == "" {
		return ""
	}
	flags, _ := strconv.ParseUint(strings.TrimPrefix(innermost(first+4), "0x"), 16, 16)
	return fmt.Sprintf("%s %s %s %s %#x %s %s", innermost(first), innermost(first+1), innermost(first+2), innermost(first+3), uint8(flags),
		length, innermost(first+5))
}
