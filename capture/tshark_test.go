package capture

import (
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"tcpwarm/capture/segment"
)

// differs are captures of which tshark says something else, and why.
var differs = map[string]string{
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
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("tshark is not here")
	}
	if testing.Short() {
		t.Skip("short")
	}
	var names []string
	err := filepath.WalkDir(filepath.Join(shared, "captures"), func(name string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			names = append(names, name)
		}
		return nil
	})
	if err != nil || len(names) == 0 {
		t.Skip("shared captures are not here")
	}
	compared := 0
	for _, name := range names {
		id, _ := filepath.Rel(filepath.Join(shared, "captures"), name)
		ours, theirs := eachPacket(name, segmentWords), segmentsOfTshark(name)
		if theirs == nil {
			if why := tsharkReadsNone[id]; (why != "") != (len(ours) > 0) {
				t.Errorf("%s: %d packets, tshark reads none; stated is %q", id, len(ours), why)
			}
			continue
		}
		var all []string
		for i := int64(1); i <= int64(max(len(ours), len(theirs))); i++ {
			if i <= int64(len(ours)) && i <= int64(len(theirs)) && ours[i-1] == theirs[i-1] {
				compared++
				continue
			}
			all = append(all, fmt.Sprintf("packet %d: %q, tshark %q", i, at(ours, i), at(theirs, i)))
		}
		if why, known := differs[id]; known != (len(all) > 0) {
			t.Errorf("%s: %d packets, stated is %q: %s", id, len(all), why, strings.Join(all[:min(len(all), mostDifferent)], "; "))
		}
	}
	if least := 9_000; compared < least {
		t.Errorf("only %d packets were compared", compared)
	}
	t.Logf("%d packets are the same", compared)
}

func at(all []string, i int64) string {
	if i > int64(len(all)) {
		return "none"
	}
	return all[i-1]
}

// segmentWords writes what tshark has fields for, the captured payload as a checksum.
func segmentWords(s *segment.Segment) string {
	return fmt.Sprintf("%d %d %d %d %#x %d %08x", s.From().Port, s.To().Port, uint32(s.Seq), uint32(s.Ack), uint8(s.Flags), s.Len,
		crc32.ChecksumIEEE(s.Payload))
}

// segmentsOfTshark is eachPacket by tshark, of the innermost segment of each packet.
func segmentsOfTshark(name string) (all []string) {
	arg := []string{"-r", name, "-n", "-o", "tcp.desegment_tcp_streams:false", "-T", "fields", "-E", "occurrence=l"}
	for _, f := range []string{"srcport", "dstport", "seq_raw", "ack_raw", "flags", "len", "payload"} {
		arg = append(arg, "-e", "tcp."+f)
	}
	out, _ := exec.Command("tshark", arg...).Output() // an error comes with what was read before it
	for line := range strings.Lines(string(out)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if f[0] == "" {
			all = append(all, "")
			continue
		}
		var flags uint16
		fmt.Sscanf(f[4], "0x%x", &flags)
		payload, _ := hex.DecodeString(strings.ReplaceAll(f[6], ":", ""))
		all = append(all, fmt.Sprintf("%s %s %s %s %#x %s %08x", f[0], f[1], f[2], f[3], uint8(flags), f[5], crc32.ChecksumIEEE(payload)))
	}
	return all
}
