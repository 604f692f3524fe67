package engine

import (
	"testing"

	"tcpwarm/capture/segment"
	"tcpwarm/pcaps/script"
)

// A transaction on a used connection, from the segment to the pool's judgement,
// allocates nothing once the connection's space has grown.
func TestTransactionsDoNotAllocate(t *testing.T) {
	const trace = `
0      > S 0:0(0) <mss 1460>
+0.02  < S. 0:0(0) ack 1 <mss 1460>
+0     > . 1:1(0) ack 1
+0.001 > P. + ack + "GET /x HTTP/1.1\r\nHost: a.example\r\n\r\n"
+0.02  < P. + ack + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
+0.001 > . +(0) ack +
`
	s, err := script.Parse(trace)
	if err != nil {
		t.Fatal(err)
	}
	segs := s.Segments()
	o := Options{Workers: 1}
	o.Limits.setDefaults()
	w, k := newWorker(0, o, new(faults)), newCollector(o, new(faults))
	w.out.KeepTargets = false // no records: those are the report's memory
	b := batch{output: make([]workerOutput, 1)}
	w.out.workerOutput = &b.output[0]
	feed := func(g *segment.Segment) {
		h := g.Key.Hash()
		w.segment(&w.shards[shardOf(h)], g, h)
		k.clock = g.Time
		k.take(&b)
		w.out.clear()
	}
	for i := range segs {
		feed(&segs[i])
	}
	turn := segs[3:]
	round := func() {
		for i := range turn {
			g := &turn[i]
			advance(g, turn)
			feed(g)
		}
	}
	for range 300 {
		round()
	}
	if n := testing.AllocsPerRun(1000, round); n != 0 {
		t.Errorf("%v allocations for a transaction of three segments, want 0", n)
	}
}

// advance moves g on to the next transaction.
func advance(g *segment.Segment, turn []segment.Segment) {
	request, response := turn[0].Len, turn[1].Len
	g.Packet += int64(len(turn))
	g.IPID += uint16(len(turn))
	g.Time += 100e6
	if g.Dir == turn[0].Dir {
		g.Seq, g.Ack = g.Seq.Add(request), g.Ack.Add(response)
	} else {
		g.Seq, g.Ack = g.Seq.Add(response), g.Ack.Add(request)
	}
}

// Once no more is kept, one client after the other needs no memory of its own: what the
// worker had for a connection before serves it, and so does what the collector and the
// judge held of that.
func TestClientsDoNotAllocate(t *testing.T) {
	if raced {
		t.Skip("with the race detector a sync.Pool drops some of what it is given")
	}
	s, err := script.Parse(`
+0    > S  0:0(0) <mss 1460>
+0.02  < S. 0:0(0) ack 1 <mss 1460>
+0     > . 1:1(0) ack 1
+0.001 > P. + ack + "GET /x HTTP/1.1\r\nHost: a.example\r\n\r\n"
+0.02  < P. + ack + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
+0.001 > F. +(0) ack +
+0.02  < F. +(0) ack +
+0     > . +(0) ack +
`)
	if err != nil {
		t.Fatal(err)
	}
	segs := s.Segments()
	o := Options{Workers: 1}
	o.Limits.setDefaults()
	o.Limits.KeptConnections, o.Limits.KeptPools = 1, 10
	w, k := newWorker(0, o, new(faults)), newCollector(o, new(faults))
	b := batch{output: make([]workerOutput, 1)}
	w.out.workerOutput = &b.output[0]
	w.out.KeepTargets = false
	client := uint64(0)
	round := func() {
		client++
		for i := range segs {
			g := &segs[i]
			from, to := g.From(), g.To()
			for _, e := range []*segment.Endpoint{&from, &to} {
				if e.Port != 80 {
					e.Addr.Lo = client
				}
			}
			g.Key, g.Dir = segment.MakeKey(from, to)
			g.Packet += int64(len(segs))
			g.Time += 2e9
			h := g.Key.Hash()
			w.segment(&w.shards[shardOf(h)], g, h)
			for sh := range w.shards {
				w.expire(&w.shards[sh], g.Time)
			}
		}
		k.clock = segs[len(segs)-1].Time
		k.take(&b)
		w.out.none = b.none
		w.out.clear()
	}
	for range 2000 { // some in each of the judge's shards
		round()
	}
	if !b.none || k.lost.Connections == 0 {
		t.Fatal("connections are still kept")
	}
	if n := testing.AllocsPerRun(2000, round); n != 0 {
		t.Errorf("%v allocations for a client with its connection, want 0", n)
	}
}
