package analyze

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"tcpwarm/analyze/report/jsonreport"
	"tcpwarm/capture/segment"
)

// A simulated network has clients that fetch from servers over paths that lose, delay and reorder, and a
// capture somewhere on them. It is as good as its rounds are long: what is sent within a round trip leaves
// together. That is enough to meet most of what TCP does.
type simulated struct {
	r    *rand.Rand
	list []segment.Segment

	connections, transactions int64 // that carried one, and those
}

// simulate plays a few connections of a client or two.
func simulate(seed, k uint64) *simulated {
	n := &simulated{r: rand.New(rand.NewPCG(seed, k))}
	at := segment.Time(1e18)
	near := []float64{0, 0, 1, 0.5}[n.r.IntN(4)]
	rtt := time.Duration(1+n.r.IntN(80)) * time.Millisecond
	names := 1 + n.r.IntN(2)
	for i := range 1 + n.r.IntN(5) {
		c := n.connection(uint16(40000+i), near, rtt)
		end := c.live(at, names)
		switch n.r.IntN(3) {
		case 0: // beside this one
			at = at.Add(time.Duration(n.r.Int64N(int64(max(1, end.Sub(at))))))
		case 1:
			at = end.Add(n.pause())
		default:
			at = at.Add(n.pause())
		}
	}
	slices.SortStableFunc(n.list, func(a, b segment.Segment) int { return cmp.Compare(a.Time, b.Time) })
	for i := range n.list {
		n.list[i].Packet = int64(i + 1)
	}
	return n
}

func (n *simulated) chance(percent int) bool { return n.r.IntN(100) < percent }

// pause is from a millisecond to some ten seconds, as often of each order.
func (n *simulated) pause() time.Duration {
	d := time.Millisecond
	for range n.r.IntN(5) {
		d *= 10
	}
	return d + time.Duration(n.r.Int64N(int64(3*d)))
}

// A simulatedConn is one connection; of each pair the client's is the first.
type simulatedConn struct {
	*simulated
	ends  [2]segment.Endpoint
	delay [2]time.Duration // from the sender to the capture
	rtt   time.Duration
	loss  int // per mille of the segments with data
	mss   int

	stamps, sack bool
	scale        uint8
	next         [2]segment.Seq
	cwnd         [2]int
	ssthresh     [2]int
	window       [2]int // that is offered
	ipid         uint16
}

func (n *simulated) connection(port uint16, near float64, rtt time.Duration) *simulatedConn {
	address := func(s string, port uint16) segment.Endpoint {
		return segment.Endpoint{Addr: segment.AddrFrom(netip.MustParseAddr(s)), Port: port}
	}
	c := &simulatedConn{simulated: n, rtt: rtt, mss: []int{536, 1220, 1448, 1460}[n.r.IntN(4)], loss: []int{0, 0, 10, 40, 150}[n.r.IntN(5)]}
	c.ends = [2]segment.Endpoint{address("10.0.0.1", port), address("10.0.1.1", 80)}
	half := float64(rtt / 2)
	c.delay = [2]time.Duration{time.Duration(near * half), time.Duration((1 - near) * half)}
	c.stamps, c.sack, c.scale = n.chance(60), n.chance(80), uint8(n.r.IntN(9))
	for d := range 2 {
		c.next[d], c.cwnd[d], c.ssthresh[d] = segment.Seq(n.r.Uint32()), 10, 1<<20
		c.window[d] = []int{8 << 10, 64 << 10, 256 << 10}[n.r.IntN(3)]
	}
	return c
}

// segment has one end send a segment, which the capture sees if seen; it returns when it arrives.
func (c *simulatedConn) segment(from int, at segment.Time, flags segment.Flags, seq segment.Seq, payload []byte, seen bool, blocks ...segment.Block) segment.Time {
	if seen {
		key, dir := segment.MakeKey(c.ends[from], c.ends[1-from])
		c.ipid++
		s := segment.Segment{Time: at.Add(c.delay[from]), Key: key, Dir: dir, Flags: flags, TTL: 64, Seq: seq, Len: len(payload), Payload: payload, IPID: c.ipid}
		if flags.Has(segment.ACK) {
			s.Ack = c.next[1-from]
		}
		o := &s.Options
		shift := c.scale
		if flags.Has(segment.SYN) {
			o.HasMSS, o.MSS, o.SACKPermitted, shift = true, uint16(c.mss), c.sack, 0
			o.HasWindowScale, o.WindowScale = true, c.scale
		}
		s.Window = uint16(min(0xffff, c.window[from]>>shift))
		if c.stamps {
			o.HasTimestamps, o.TSVal, o.TSEcr = true, uint32(at/1e6), uint32(at.Add(-c.rtt/2)/1e6)
		}
		o.SACKBlocks = uint8(copy(o.SACK[:], blocks))
		c.list = append(c.list, s)
	}
	return at.Add(c.rtt / 2)
}

// live lets the connection be opened, used and closed, from when on it returns the end.
func (c *simulatedConn) live(at segment.Time, names int) segment.Time {
	seen := !c.chance(5) // else it was opened before the capture
	at, opened := c.open(at, seen)
	if !opened {
		return at
	}
	asked, ends := 0, -1
	for range c.r.IntN(6) {
		at, ends = c.exchange(at, names)
		if asked++; ends >= 0 {
			break
		}
		wait := c.pause()
		if wait > 3*time.Second && c.chance(30) { // a keep-alive probe, and its answer
			probe := at.Add(wait / 2)
			arrived := c.segment(1, probe, segment.ACK, c.next[1].Add(-1), nil, true)
			c.segment(0, arrived, segment.ACK, c.next[0], nil, true)
		}
		if at = at.Add(wait); wait > time.Second && c.chance(70) {
			c.cwnd = [2]int{10, 10}
		}
	}
	if asked > 0 {
		c.connections++
		c.transactions += int64(asked)
	}
	return c.close(at, ends)
}

func (c *simulatedConn) open(at segment.Time, seen bool) (done segment.Time, opened bool) {
	arrived := c.segment(0, at, segment.SYN, c.next[0], nil, seen)
	if c.chance(8) { // it is lost, and sent again
		at = at.Add(time.Second)
		arrived = c.segment(0, at, segment.SYN, c.next[0], nil, seen)
	}
	c.next[0]++
	if c.chance(4) {
		return c.segment(1, arrived, segment.RST|segment.ACK, 0, nil, true), false
	}
	back := c.segment(1, arrived, segment.SYN|segment.ACK, c.next[1], nil, seen)
	c.next[1]++
	c.segment(0, back, segment.ACK, c.next[0], nil, seen)
	return back, true
}

// exchange is a request with its response; ends is who closes after it, -1 for nobody.
func (c *simulatedConn) exchange(at segment.Time, names int) (done segment.Time, ends int) {
	ends = -1
	head := fmt.Sprintf("GET /%d HTTP/1.1\r\nHost: %c.example\r\n", c.r.IntN(9), 'a'+c.r.IntN(names))
	body := ""
	switch c.r.IntN(12) {
	case 0:
		ends, head = 0, head+"Connection: close\r\n"
	case 1:
		head += "Connection: keep-alive\r\n"
	case 2:
		body = strings.Repeat("q", 1+c.r.IntN(20000))
		head = "POST" + head[3:] + fmt.Sprintf("Content-Length: %d\r\n", len(body))
	}
	at = c.send(0, []byte(head+"\r\n"+body), at)
	at = at.Add(c.pause() / 20)
	size := 1
	for range c.r.IntN(6) {
		size *= 10
	}
	size = c.r.IntN(size)
	response := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", size, bytes.Repeat([]byte("r"), size))
	switch c.r.IntN(12) {
	case 0:
		response, ends = "HTTP/1.1 200 OK\r\nConnection: close\r\n"+response[17:], 1
	case 1:
		response = fmt.Sprintf("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", size+1, bytes.Repeat([]byte("c"), size+1))
	case 2:
		response = "HTTP/1.1 304 Not Modified\r\nKeep-Alive: timeout=5\r\n\r\n"
	case 3:
		response = "HTTP/1.1 100 Continue\r\n\r\n" + response
	}
	return c.send(1, []byte(response), at), ends
}

// send has one end send data, and returns when all has arrived at the other.
func (c *simulatedConn) send(from int, data []byte, at segment.Time) segment.Time {
	first := c.next[from]
	c.next[from] = first.Add(len(data)) // ACKs go back by arrived instead
	count := (len(data) + c.mss - 1) / c.mss
	arrived, sent := make([]bool, count), 0
	part := func(i int) []byte { return data[i*c.mss : min(len(data), (i+1)*c.mss)] }
	for {
		una := slices.Index(arrived, false)
		if una < 0 {
			return at
		}
		lost, latest := false, at
		room := max(1, min(c.cwnd[from], c.window[1-from]/c.mss))
		for i := una; i < min(count, una+room); i++ {
			if arrived[i] {
				continue
			}
			latest = latest.Add(time.Duration(20+c.r.IntN(100)) * time.Microsecond)
			gone := c.r.IntN(1000) < c.loss
			flags := segment.ACK
			if i == count-1 {
				flags |= segment.PSH
			}
			when := c.segment(from, latest, flags, first.Add(i*c.mss), part(i), !gone || c.chance(50))
			if i < sent && c.chance(5) { // by chance it was sent twice
				c.segment(from, latest.Add(time.Millisecond), flags, first.Add(i*c.mss), part(i), true)
			}
			sent = max(sent, i+1)
			if arrived[i] = !gone; gone {
				lost = true
				continue
			}
			c.acknowledge(1-from, when, first, len(data), arrived, i)
		}
		at = latest.Add(c.rtt)
		c.after(from, &at, lost, sent-una)
	}
}

// acknowledge has one end acknowledge what has arrived, the latest of which was part i.
func (c *simulatedConn) acknowledge(from int, at segment.Time, first segment.Seq, all int, arrived []bool, i int) {
	una := slices.Index(arrived, false)
	if una < 0 {
		una = len(arrived)
	}
	if i < una && i%2 == 0 && i < len(arrived)-1 { // each second one
		return
	}
	var blocks []segment.Block
	if c.sack && i > una {
		from, to := i, i+1
		for ; arrived[from-1]; from-- {
		}
		blocks = append(blocks, segment.Block{Start: first.Add(from * c.mss), End: first.Add(min(all, to*c.mss))})
	}
	own := c.next[1-from]
	c.next[1-from] = first.Add(min(all, una*c.mss))
	c.segment(from, at.Add(time.Duration(c.r.IntN(300))*time.Microsecond), segment.ACK, c.next[from], nil, !c.chance(1), blocks...)
	c.next[1-from] = own
}

// after lets the window grow or shrink by what became of a round.
func (c *simulatedConn) after(from int, at *segment.Time, lost bool, flight int) {
	switch {
	case lost && flight < 4: // no three duplicate ACKs
		*at = at.Add(max(200*time.Millisecond, c.rtt))
		c.ssthresh[from], c.cwnd[from] = max(2, flight/2), 1
	case lost:
		c.cwnd[from] = max(2, c.cwnd[from]*7/10)
		c.ssthresh[from] = c.cwnd[from]
	case c.cwnd[from] < c.ssthresh[from]:
		c.cwnd[from] += min(flight, c.cwnd[from])
	default:
		c.cwnd[from]++
	}
	if c.chance(3) {
		c.window[1-from] = []int{4 << 10, 32 << 10, 512 << 10}[c.r.IntN(3)]
	}
}

// close ends the connection: by the end that said so, by any, or not at all.
func (c *simulatedConn) close(at segment.Time, ends int) segment.Time {
	if ends < 0 {
		if ends = c.r.IntN(4); ends >= 2 { // it stays, or is reset
			if from := c.r.IntN(2); ends == 3 {
				at = c.segment(from, at, segment.RST|segment.ACK, c.next[from], nil, true)
			}
			return at
		}
	}
	if c.chance(15) {
		return c.segment(ends, at, segment.RST|segment.ACK, c.next[ends], nil, true)
	}
	for _, d := range []int{ends, 1 - ends} {
		at = c.segment(d, at, segment.FIN|segment.ACK, c.next[d], nil, true)
		c.next[d]++
		if d == ends && c.chance(50) {
			c.segment(1-d, at, segment.ACK, c.next[1-d], nil, true)
			at = at.Add(c.pause() / 10)
		}
	}
	return c.segment(ends, at, segment.ACK, c.next[ends], nil, true)
}

// Whatever is lost, late and sent again on the way, all connections that carry requests are counted, and
// all requests.
func TestSimulatedTrafficIsCounted(t *testing.T) {
	var connections, transactions int64
	wrong, many := 0, int64(1000)
	if testing.Short() {
		many = 100
	}
	for k := range uint64(many) {
		n := simulate(1, k)
		r, err := Run(context.Background(), &segments{list: n.list, size: 100}, Options{Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		checkSums(t, r)
		connections, transactions = connections+n.connections, transactions+n.transactions
		if r.Totals.Used != n.connections || r.Totals.Transactions != n.transactions {
			if wrong++; wrong < 5 {
				var out bytes.Buffer
				jsonreport.Write(&out, r)
				t.Errorf("%d: %d requests on %d connections, %d on %d were sent", k, r.Totals.Transactions, r.Totals.Used, n.transactions, n.connections)
			}
		}
	}
	if wrong > 0 || connections < many || transactions < 2*connections {
		t.Errorf("%d wrong; %d requests on %d connections were sent", wrong, transactions, connections)
	}
}
