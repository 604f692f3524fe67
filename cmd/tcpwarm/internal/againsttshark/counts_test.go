package againsttshark

import (
	"context"
	"io/fs"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"tcpwarm/analyze"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/transaction"
	"tcpwarm/capture"
)

const capturedTwice = "packets captured twice are counted once here"

// A difference is why tshark counts otherwise, and what is counted here.
type difference struct {
	why  string
	ours counts
}

// countsDiffer are captures that tshark counts otherwise.
var countsDiffer = map[string]difference{
	"arkime/no-syn-ack.pcap":                           {"the server's SYN-ACK lacks: tshark reads no response", counts{2, 1, 1, 2037}},
	"arkime/tcp_handshake_synthetic.pcap":              {"SYNs again with other numbers, none answered: streams of their own to tshark, one attempt here", counts{14, 1, 0, 54}},
	"arkime/http-post-upload.pcap":                     {capturedTwice, counts{1, 3, 3, 3538}},
	"arkime/tcpseq_synthetic.pcap":                     {"bytes outside the window: what no receiver takes is not counted", counts{6, 0, 0, 100}},
	"beats/wsgi_loopback.pcap":                         {capturedTwice, counts{1, 1, 1, 39637}},
	"zeek/http__m57-long-49583-80.pcap":                {capturedTwice, counts{1, 3, 3, 100605}},
	"zeek/http__vnd.ms-cab-compressed-multi-conn.pcap": {capturedTwice, counts{5, 5, 5, 44317}},
	"zeek/tcp__ssh-dups.pcap":                          {capturedTwice, counts{1, 0, 0, 7978}},
	"zeek/vlan-collisions.pcap":                        {capturedTwice, counts{1, 1, 1, 15293}},
	"derived/get-tcp-doff-1.pcap":                      {"a header of 4 bytes: tshark takes what follows for payload", counts{1, 1, 1, 5143}},
	"derived/get-fcs-bits.pcap":                        {"the header tells of check sequences that the frames do not have: tshark cuts them off", counts{1, 1, 1, 5143}},
	"derived/get-reversed-order.pcap":                  {"the end comes first: tshark reads what comes after a connection's end", counts{1, 1, 0, 5143}},
	"pcap2har-go/insecure.pcap":                        {"one client's port is that of another protocol: tshark takes its GET for that", counts{29, 21, 21, 105383}},
	"tcpdump/tcp_rst_data.pcap":                        {"what a RST carries is a diagnostic text (RFC 9293 section 3.5.3), not data", counts{1, 0, 0, 0}},
	"zeek/http__content-range-gap.pcap":                {"bytes lack: tshark reads no response with a hole", counts{1, 1, 1, 9822}},
	"zeek/http__http-single-conn-22.pcap":              {"port 22 is SSH to tshark", counts{1, 1, 1, 12667}},
	"zeek/http__http_09.pcap":                          {"HTTP/0.9 is no HTTP to tshark", counts{5, 1, 1, 148}},
	"zeek/http__methods.pcap":                          {"a line that is a method alone is a request to tshark", counts{49, 26, 49, 184311}},
	"zeek/http__no-version.pcap":                       {"HTTP/0.9 is no HTTP to tshark", counts{1, 1, 1, 446}},
	"zeek/tcp-http-with-padding.pcap":                  {"a byte a segment: tshark reads no request", counts{1, 1, 1, 207}},
	"zeek/tcp__reassembly.pcap":                        {"bytes lack within the head of a request: tshark counts none", counts{1, 1, 0, 34434}},

	"suricata-verify/http-evader__http-evader-051__input.pcap":               {"HTTP/1.01 is a version to tshark, but not to RFC 9112 section 2.3", counts{1, 1, 0, 384}},
	"suricata-verify/http-gap-simple__input.pcap":                            {"bytes lack: tshark reads nothing after a hole", counts{1, 3, 3, 538}},
	"suricata-verify/http-gap-whole-body__input.pcap":                        {"bytes lack: tshark reads nothing after a hole", counts{1, 3, 3, 538}},
	"suricata-verify/http-pipeline-files-with-gap__input.pcap":               {"bytes lack: tshark reads nothing after a hole", counts{1, 3, 3, 61577}},
	"suricata-verify/http2-compression-bug__input.pcap":                      {"HTTP/2 in clear on port 443 is TLS to tshark", counts{1, 5, 5, 22456}},
	"suricata-verify/tcp-split-handshake-02-5whs__split-handshake-5whs.pcap": {"both sides send SYN: a second stream to tshark, one connection to RFC 9293 section 3.5", counts{1, 0, 0, 4}},
	"zeek/modbus__modbus-and-non-modbus-p502.pcap":                           {"a request 16 s after its sender's own RST: counted as late, not as a request", counts{7, 0, 0, 616}},
}

// counts are what a capture comes to: how many connections there are, how many requests and final
// responses were read in clear on them, and how many bytes of payload were sent.
type counts struct {
	connections, requests, responses int
	bytes                            int64
}

// corpus is where captures of other projects are.
const corpus = "../../../../../shared/corpus/captures"

// captures returns those that are here, and skips t where there are none, or no tshark.
func captures(t *testing.T) (names []string) {
	t.Helper()
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("tshark is not here")
	}
	if testing.Short() {
		t.Skip("short")
	}
	filepath.WalkDir(corpus, func(name string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			names = append(names, name)
		}
		return nil
	})
	if len(names) == 0 {
		t.Skip("shared captures are not here")
	}
	return names
}

// Every capture here has the connections, requests, responses and bytes that tshark counts in it.
func TestCountsAsTshark(t *testing.T) {
	for _, name := range captures(t) {
		id, _ := filepath.Rel(corpus, name)
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			theirs, ok := dissect(name).counted()
			if !ok {
				t.Skip("tshark reads none of it")
			}
			ours, err := ourCounts(name)
			if err != nil {
				t.Fatal(err)
			}
			want := theirs
			why, known := countsDiffer[id]
			if known {
				want = why.ours
			}
			if ours != want || known && ours == theirs {
				t.Errorf("%+v, want %+v, tshark has %+v; the reason stated is %q", ours, want, theirs, why.why)
			}
		})
	}
}

func ourCounts(name string) (n counts, err error) {
	src, err := capture.OpenAll([]string{name}, nil)
	if err != nil {
		return n, err
	}
	defer src.Close()
	r, err := analyze.Run(context.Background(), src, analyze.Options{})
	if r == nil {
		return n, err // else the file is one that ends before its time
	}
	n.connections = int(r.Totals.Connections)
	for _, c := range r.Connections {
		for _, h := range []report.Half{c.ClientToServer, c.ServerToClient} {
			n.bytes += h.PayloadBytes
		}
		if c.TransactionBasis == transaction.Parsed {
			n.requests += int(c.Requests)
			n.responses += int(c.Responses)
		}
	}
	return n, nil
}

// add counts what a line of fields says. A frame that ends before its TCP header has no length.
func (n *counts) add(f []string, streams map[string]bool) {
	of := func(i int) []string {
		if f[i] == "" {
			return nil
		}
		return strings.Split(f[i], ",")
	}
	if len(of(0)) == 0 {
		return
	}
	for _, s := range of(0) {
		streams[s] = true
	}
	if all := of(1); len(all) > 0 {
		size, _ := strconv.ParseInt(all[len(all)-1], 10, 64)
		n.bytes += size
	}
	n.requests += len(of(2)) + len(of(4))
	for _, code := range append(of(3), of(5)...) {
		if code[0] != '1' || code == "101" {
			n.responses++
		}
	}
}
