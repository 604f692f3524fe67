package againsttshark

import (
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"os/exec"
	"slices"
	"strings"
	"sync"
)

// counted are the fields that counts.add takes, in its order.
var counted = []string{"tcp.stream", "tcp.len", "http.request.method", "http.response.code", "http2.headers.method", "http2.headers.status"}

// ofSegments are those that segmentOf takes, behind them: tshark fills a field once, so that the length is not among them.
var ofSegments = []string{"tcp.srcport", "tcp.dstport", "tcp.seq_raw", "tcp.ack_raw", "tcp.flags", "tcp.payload"}

// A dissection is what tshark makes of a capture.
type dissection struct {
	counts   counts
	segments []string   // of each packet
	streams  []streamed // as many as ours, none where ours lack bytes
}

// counted returns what was counted, and whether tshark reads any packet.
func (d *dissection) counted() (counts, bool) { return d.counts, len(d.segments) > 0 }

// dissected has each capture's dissection: tshark takes longer to start than for most captures, so that it is
// run once for all that is compared.
var dissected sync.Map

// dissect returns name's dissection.
func dissect(name string) *dissection {
	d, _ := dissected.LoadOrStore(name, sync.OnceValue(func() *dissection { return tshark(name) }))
	return d.(func() *dissection)()
}

// tshark runs tshark on a capture: it writes a line of fields for each packet, and then the bytes of the first
// connections.
func tshark(name string) *dissection {
	arg := []string{"-2", "-n", "-r", name, "-o", "tcp.reassemble_out_of_order:TRUE", "-T", "fields", "-E", "occurrence=a"}
	fields := slices.Concat(counted, ofSegments)
	for _, f := range fields {
		arg = append(arg, "-e", f)
	}
	d := &dissection{}
	if ours, ok := ourStreams(name); ok {
		d.streams = make([]streamed, len(ours))
	}
	for i := range d.streams {
		arg = append(arg, "-z", fmt.Sprintf("follow,tcp,raw,%d", i))
	}
	out, _ := exec.Command("tshark", arg...).Output() // an error comes with what was read before it
	streams := map[string]bool{}
	now := -1
	follows := false
	for line := range strings.Lines(string(out)) {
		line = strings.TrimSuffix(line, "\n")
		f := strings.Split(line, "\t")
		switch follows = follows || strings.HasPrefix(line, "===="); {
		case follows:
			now = d.follow(now, line)
		case len(f) == len(fields):
			d.counts.add(f, streams)
			d.segments = append(d.segments, segmentOf(f))
		}
	}
	d.counts.connections = len(streams)
	for i := range d.streams {
		d.streams[i] = d.streams[i].inOrder()
	}
	return d
}

// follow takes a line of what connections have sent, of the connection of number now, and returns that of the next
// line's.
func (d *dissection) follow(now int, line string) int {
	var n, dir int
	if _, err := fmt.Sscanf(line, "Filter: tcp.stream eq %d", &n); err == nil {
		return n
	}
	if now < 0 {
		return now
	}
	s := &d.streams[now]
	if end, ok := strings.CutPrefix(line, "Node "); ok {
		fmt.Sscanf(end, "%d", &dir)
		s.ends[dir] = strings.NewReplacer("[", "", "]", "").Replace(end[len("0: "):])
		return now
	}
	if strings.HasPrefix(line, "\t") {
		dir = 1
	}
	if b, err := hex.DecodeString(strings.TrimSpace(line)); err == nil {
		s.bytes[dir] += len(b)
		s.sums[dir] = crc32.Update(s.sums[dir], crc32.IEEETable, b)
	}
	return now
}
