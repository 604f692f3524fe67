package script

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"tcpwarm/capture/segment"
)

// Print writes segs as a script that gives them again, but for three things:
// addresses become 10.0.0.1 and so on in order of appearance, ports stay; the
// first packet is at time 0; and payload is reduced to its length. What a script
// cannot hold (options that do not parse, payload over 65 kB) becomes a comment.
func Print(w io.Writer, segs []segment.Segment) error { return printTo(w, segs, false) }

// PrintPayload is Print with the captured payload. It may hold secrets.
func PrintPayload(w io.Writer, segs []segment.Segment) error { return printTo(w, segs, true) }

func printTo(w io.Writer, segs []segment.Segment, payload bool) error {
	p := &printer{w: bufio.NewWriter(w), payload: payload, conns: map[segment.Key]*printed{}, addrs: map[segment.Addr]string{}}
	for i := range segs {
		p.meet(&segs[i])
	}
	p.settings(segs)
	for i := range segs {
		p.segment(&segs[i], i == 0)
	}
	return p.w.Flush()
}

type printer struct {
	w       *bufio.Writer
	payload bool
	conns   map[segment.Key]*printed
	order   []*printed
	addrs   map[segment.Addr]string
	last    segment.Time
}

// printed is a connection on its way into a script.
type printed struct {
	name           string
	key            segment.Key
	client         segment.Dir // the way the client sends
	sureWho        bool        // a SYN said who is the client
	half           [2]printedHalf
	clientE, servE string
}

// printedHalf is what one end has sent. The numbers are those a parser will have
// arrived at, so that what it knows need not be printed.
type printedHalf struct {
	isn     segment.Seq
	set     bool // isn is from this end's own segments
	sureISN bool // isn is a SYN's
	guessed bool // isn is from the other's ack
	near    segment.Seq
	nearRel int64 // near, from the ISN
	window  uint16
	id      uint16
}

// rel returns s from the initial sequence number, without wrapping.
func (h *printedHalf) rel(s segment.Seq) int64 {
	h.nearRel += int64(s.Sub(h.near))
	h.near = s
	return h.nearRel
}

// meet learns from g who is the client and where the sequence numbers begin.
func (p *printer) meet(g *segment.Segment) {
	c := p.conns[g.Key]
	if c == nil {
		// Without a SYN: servers have the lower port, clients speak first.
		c = &printed{key: g.Key, client: g.Dir}
		if from, to := g.From().Port, g.To().Port; from < to {
			c.client = 1 - g.Dir
		}
		p.conns[g.Key] = c
		p.order = append(p.order, c)
	}
	own, peer := &c.half[g.Dir], &c.half[1-g.Dir]
	syn := g.Flags.Has(segment.SYN)
	if syn && !c.sureWho {
		c.sureWho, c.client = true, g.Dir
		if g.Flags.Has(segment.ACK) {
			c.client = 1 - g.Dir
		}
	}
	switch {
	case syn && !own.sureISN:
		own.isn, own.set, own.sureISN = g.Seq, true, true
	case !own.set:
		own.isn, own.set = g.Seq.Add(-1), true
	}
	if !peer.set && !peer.guessed && g.Flags.Has(segment.ACK) {
		peer.isn, peer.guessed = g.Ack.Add(-1), true
	}
}

// settings prints what comes before the segments.
func (p *printer) settings(segs []segment.Segment) {
	if n := snapOf(segs); n > 0 {
		fmt.Fprintf(p.w, "snap %d\n", n)
	}
	for i, c := range p.order {
		client, server := c.key.Sender(c.client), c.key.Sender(1-c.client)
		c.clientE, c.servE = p.endpoint(client), p.endpoint(server)
		if len(p.order) > 1 {
			c.name = "c" + strconv.Itoa(i+1)
		}
		if c.name != "" || c.clientE != "10.0.0.1:40000" || c.servE != "10.0.0.2:80" {
			fmt.Fprintf(p.w, "conn %s\n", strings.TrimSpace(c.name+" "+c.clientE+" "+c.servE))
		}
		for d := range c.half {
			h := &c.half[d]
			h.near, h.window = h.isn, 65535
		}
		if a, b := c.half[c.client].isn, c.half[1-c.client].isn; a != 0 || b != 0 {
			fmt.Fprintf(p.w, "%sisn %d %d\n", c.prefix(), a, b)
		}
	}
}

func (c *printed) prefix() string {
	if c.name == "" {
		return ""
	}
	return c.name + ": "
}

// endpoint returns e with the address renamed.
func (p *printer) endpoint(e segment.Endpoint) string {
	a, ok := p.addrs[e.Addr]
	if !ok {
		n := len(p.addrs) + 1
		a = fmt.Sprintf("10.%d.%d.%d", n>>16&0xff, n>>8&0xff, n&0xff)
		p.addrs[e.Addr] = a
	}
	return a + ":" + strconv.Itoa(int(e.Port))
}

// snapOf returns the snap length that explains which payloads are cut, 0 if none is.
func snapOf(segs []segment.Segment) int {
	snap := 0
	for i := range segs {
		if g := &segs[i]; len(g.Payload) < g.Len {
			snap = max(snap, headers(&g.Options)+len(g.Payload))
		}
	}
	if snap > 0 {
		snap = max(snap, etherHeader+ipHeader+tcpHeader+maxOptions)
	}
	return snap
}

func (p *printer) segment(g *segment.Segment, first bool) {
	if first {
		p.last = g.Time
	}
	c := p.conns[g.Key]
	own, peer := &c.half[g.Dir], &c.half[1-g.Dir]
	to := ToServer
	if g.Dir != c.client {
		to = ToClient
	}
	var b strings.Builder
	start := own.rel(g.Seq)
	fmt.Fprintf(&b, "%s%-12s %s %-2s %d:%d(%d)", c.prefix(), since(g.Time.Sub(p.last)), to, letters(g.Flags),
		start, start+int64(g.Len), g.Len)
	if g.Flags.Has(segment.ACK) {
		fmt.Fprintf(&b, " ack %d", peer.rel(g.Ack))
	}
	if g.Window != own.window {
		fmt.Fprintf(&b, " win %d", g.Window)
	}
	b.WriteString(printOptions(&g.Options, peer.rel))
	if g.TTL != 64 {
		fmt.Fprintf(&b, " ttl %d", g.TTL)
	}
	if g.IPID != own.id+1 {
		fmt.Fprintf(&b, " id %d", g.IPID)
	}
	if g.CE {
		b.WriteString(" ce")
	}
	if g.Sum == segment.SumWrong {
		b.WriteString(" badsum")
	}
	if p.payload && len(g.Payload) > 0 {
		b.WriteString(" " + strconv.QuoteToASCII(string(g.Payload)))
		if len(g.Payload) < g.Len {
			b.WriteString(" ...")
		}
	}
	if g.Options.Bad {
		b.WriteString(" # options do not parse")
	}
	if n := headers(&g.Options) - etherHeader + g.Len; n > maxPacket || optionBytes(&g.Options) > maxOptions {
		fmt.Fprintf(p.w, "# packet %d is too long: %s\n", g.Packet, b.String())
		return
	}
	p.last, own.window, own.id = g.Time, g.Window, g.IPID
	fmt.Fprintln(p.w, b.String())
}

// since returns d as a time after the line above.
func since(d time.Duration) string {
	sign := "+"
	if d < 0 {
		sign, d = "-", -d
	}
	s := fmt.Sprintf("%s%d.%09d", sign, d/time.Second, d%time.Second)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// letters returns f as flags has them.
func letters(f segment.Flags) string {
	if f == 0 {
		return "-"
	}
	s := ""
	for _, i := range []int{1, 0, 2, 3, 5, 6, 7, 4} { // as people say them: S., FP.
		if f&(1<<i) != 0 {
			s += flagLetters[i : i+1]
		}
	}
	return s
}
