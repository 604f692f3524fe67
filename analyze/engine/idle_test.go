package engine

import (
	stdtls "crypto/tls"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"tcpwarm/analyze/app/tls"
	"tcpwarm/capture/segment"
	"tcpwarm/pcaps/script"
)

// oneRequest is a connection that carries a request and then rests.
const oneRequest = `0 > S 0:0(0) win 65535 <mss 1460,sackOK,TS 1 0,wscale 7>
+0.001 < S. 0:0(0) ack 1 win 65535 <mss 1460,sackOK,TS 1 1,wscale 7>
+0 > . + ack 1 win 502 <TS 1 1>
+0 > P. + ack + <TS 1 1> "GET /index.html HTTP/1.1\r\nHost: a.example\r\nUser-Agent: curl/8.0\r\n\r\n"
+0.001 < P. + ack + <TS 2 1> "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"
+0 > . + ack + <TS 2 2>
`

// A replayed script is taken by a worker again and again, each time by other hosts.
type replayed struct {
	w      *worker
	all    []segment.Segment
	now    segment.Time
	packet int64
}

func replay(t testing.TB, w *worker, trace string) *replayed {
	s, err := script.Parse(trace)
	if err != nil {
		t.Fatal(err)
	}
	r := &replayed{w: w, all: s.Segments()}
	r.now = r.all[0].Time
	return r
}

// take has w take segments from the ith to before the jth, between client and server, and returns the entry.
func (r *replayed) take(client, server segment.Endpoint, i, j int) (e *entry) {
	for ; i < j; i++ {
		g := r.all[i]
		if i > 0 {
			r.now = r.now.Add(g.Time.Sub(r.all[i-1].Time))
		}
		r.packet++
		from, to := client, server
		if g.Dir != r.all[0].Dir {
			from, to = to, from
		}
		g.Packet, g.Time = r.packet, r.now
		g.Key, g.Dir = segment.MakeKey(from, to)
		e = r.w.take(&g)
	}
	return e
}

// An idle connection takes a kilobyte in all, with what its judge knows of it, whatever the peers have said; and a third more where
// each delay and each number of it is another than with all others. What it takes is counted. Where TLS is not opened it may be
// in use, for all that is known: pools count what they wait with then. The fields of HTTP/2's tables are bounded by themselves.
// How much two sides of HTTP/2 say at once hangs on the machine: if connections differ much in that, others are made.
func TestIdleIsSmall(t *testing.T) {
	if raced {
		t.Skip("with the race detector it takes minutes, and other memory")
	}
	const kept, keptOfAny, waits, fields, tries = 1024, 1344, 192, 64, 4
	for _, x := range []struct {
		what string
		spoken
		keys   bool
		beside int
	}{
		{"HTTP/1", spoken{}, false, 0},
		{"HTTP/2", spoken{http2: true}, false, 0},
		{"TLS", spoken{version: stdtls.VersionTLS13}, false, waits},
		{"TLS 1.2", spoken{version: stdtls.VersionTLS12}, false, waits},
		{"TLS 1.2, opened", spoken{version: stdtls.VersionTLS12}, true, 0},
		{"HTTP/2 in TLS 1.3, opened", spoken{true, stdtls.VersionTLS13}, true, fields},
	} {
		for most, any := range map[int]bool{kept: false, keptOfAny: true} {
			var bytes, counted int
			for try := 0; try == 0 || try < tries && max(bytes, counted) > most; try++ {
				traces, keys := exchanged(t, x.spoken, 50)
				if !x.keys {
					keys = nil
				}
				bytes, counted = idleTakes(t, traces, keys, any)
				t.Logf("%s: %d bytes each, %d are counted, of %d", x.what, bytes, counted, most)
			}
			if bytes > most {
				t.Errorf("%s: %d bytes each, want %d at most", x.what, bytes, most)
			}
			if counted > most || counted+x.beside < bytes-bytes/50 {
				t.Errorf("%s: %d bytes are counted for each, want %d at most, and what it takes", x.what, counted, most)
			}
		}
	}
}

const oneTunnel = `0 > S 0:0(0) win 65535 <mss 1460,sackOK,TS 1 0,wscale 7>
+0.001 < S. 0:0(0) ack 1 win 65535 <mss 1460,sackOK,TS 1 1,wscale 7>
+0 > . + ack 1 win 502 <TS 1 1>
+0 > P. + ack + <TS 1 1> "CONNECT a.example:80 HTTP/1.1\r\nHost: a.example:80\r\n\r\n"
+0.001 < P. + ack + <TS 2 1> "HTTP/1.1 200 OK\r\n\r\n"
`

// What is idle but for a request that is not answered yet, and a tunnel in which nothing happens, rest, too.
func TestWhatElseRests(t *testing.T) {
	_, request, _ := strings.Cut(oneRequest, "+0 > P. ")
	request = "+0 > P. " + request
	inTLS, _ := exchanged(t, spoken{version: stdtls.VersionTLS13}, 20)
	for i, x := range inTLS {
		inTLS[i] = oneTunnel + strings.SplitN(x, "\n", 4)[3]
	}
	streams, _ := exchanged(t, spoken{http2: true}, 20)
	for i := range streams {
		streams[i] += `+0.001 > P. + ack + "\x00\x00\x02\x01\x05\x00\x00\x00\x03\x82\x84"` + "\n+0 < . + ack +\n"
	}
	const tunnels, open = 512, 1024
	for _, x := range []struct {
		what   string
		traces []string
		more   int // bytes than what just idles
	}{
		{"HTTP/1 in a tunnel", []string{oneTunnel + request}, tunnels},
		{"TLS in a tunnel", inTLS, tunnels},
		{"HTTP/1 with a request under way", []string{oneRequest + "+0 > P. + ack + <TS 1 1> \"GET / HTTP/1.1\\r\\nHost: a.example\\r\\n\\r\\n\"\n+0 < . + ack +\n"}, tunnels},
		{"HTTP/2 with a stream open", streams, open},
	} {
		bytes, counted := idleTakes(t, x.traces, nil, false)
		t.Logf("%s: %d bytes each, %d are counted", x.what, bytes, counted)
		if most := 1024 + x.more; bytes > most || counted > most {
			t.Errorf("%s: %d bytes each, %d are counted, want %d at most", x.what, bytes, counted, most)
		}
	}
}

// idleTakes returns how many bytes a connection takes that is idle behind one of some traces, and how many are counted; any has
// each begin with other numbers, and take other times.
func idleTakes(t *testing.T, traces []string, keys *tls.Keys, any bool) (bytes, counted int) {
	const before, each = 7000, 4500 // tables double as they fill: not in between
	o := Options{Workers: 1, Keys: keys, Limits: Limits{Memory: 1 << 40, Unpacked: shards}}
	o.Limits.setDefaults()
	w, k := newWorker(0, o, new(faults)), newCollector(o, new(faults))
	b := &batch{output: make([]workerOutput, 1)}
	w.batch, w.out.workerOutput, w.out.KeepTargets = b, &b.output[0], true
	r := replay(t, w, traces[0])
	var all [][]segment.Segment
	for _, trace := range traces {
		all = append(all, replay(t, w, trace).all)
	}
	random := rand.New(rand.NewPCG(1, 2))
	n := uint64(0)
	open := func(conns int) (heap, counted int) {
		for range conns {
			n++
			if r.all = all[random.IntN(len(all))]; any {
				r.all = anyConnection(r.all, random)
			}
			client := segment.Endpoint{Addr: segment.Addr{Lo: 1}, Port: uint16(n)}
			server := segment.Endpoint{Addr: segment.Addr{Lo: 2 + n>>16}, Port: 80}
			r.take(client, server, 0, len(r.all))
			if n%100 == 0 {
				r.now = r.now.Add(50 * time.Millisecond)
				k.clock = r.now
				w.keepWithin(r.now)
				k.take(b)
				w.out.clear()
			}
		}
		r.now = r.now.Add(2 * o.Limits.QuietFor)
		w.keepWithin(r.now)
		return w.takes()
	}
	heap, first := open(before)
	heap2, second := open(each)
	runtime.KeepAlive(w)
	runtime.KeepAlive(k)
	return (heap2 - heap) / each, (second - first) / each
}

// anyConnection returns segments as another connection has them: it begins with other numbers and timestamps, and takes other times.
func anyConnection(list []segment.Segment, random *rand.Rand) []segment.Segment {
	list = slices.Clone(list)
	isn := [2]int{random.IntN(1 << 32), random.IntN(1 << 32)}
	stamps := [2]uint32{random.Uint32(), random.Uint32()}
	slower := 0.5 + 5*random.Float64()
	for i := range list {
		g := &list[i]
		g.Seq = g.Seq.Add(isn[g.Dir])
		if g.Flags.Has(segment.ACK) {
			g.Ack = g.Ack.Add(isn[1-g.Dir])
		}
		if g.Options.HasTimestamps {
			g.Options.TSVal += stamps[g.Dir]
			if g.Options.TSEcr > 0 {
				g.Options.TSEcr += stamps[1-g.Dir]
			}
		}
	}
	before := list[0].Time
	for i := range list[1:] {
		g := &list[i+1]
		gap := float64(g.Time.Sub(before)) * slower * (1 + random.Float64())
		before, g.Time = g.Time, list[i].Time.Add(time.Duration(gap)+time.Duration(random.IntN(50_000)))
	}
	return list
}

// An open connection is packed once nothing has happened on it for some seconds, where there are more than are
// followed all the same; then less is counted. With its next segment it goes on.
func TestQuietIsPacked(t *testing.T) {
	client, server := segment.Endpoint{Addr: segment.Addr{Lo: 1}, Port: 50000}, segment.Endpoint{Addr: segment.Addr{Lo: 2}, Port: 80}
	for most := range 2 {
		w := newTestWorker(0)
		w.mostUnpacked = most
		r := replay(t, w, oneRequest+"+0 > P. + ack + \"GET / HTTP/1.1\\r\\nHost: a.example\\r\\n\\r\\n\"\n+1 > F. + ack +\n+0 < F. + ack +\n+0 > . + ack +\n")
		e := r.take(client, server, 0, 6)
		m := &w.shards[shardOf(e.hash())].memory
		w.keepWithin(r.now.Add(w.quietFor))
		if e.live == nil {
			t.Fatalf("it is packed after %v", w.quietFor)
		}
		live := m.taken
		w.keepWithin(r.now.Add(w.quietFor + 1))
		if e.live == nil != (most == 0) {
			t.Fatalf("%d are followed: it rests: %v", most, e.live == nil)
		}
		if own := m.taken - m.store; most == 0 && (own > live/3 || m.store == 0) {
			t.Errorf("%d bytes are counted when packed and %d for all alike, %d else", own, m.store, live)
		}
		if e.lastPacket() != 6 || !e.isOpen() {
			t.Errorf("its latest packet is %d, it is open: %v", e.lastPacket(), e.isOpen())
		}
		r.now = r.now.Add(time.Minute)
		if e = r.take(client, server, 6, 7); e.live == nil {
			t.Fatal("with its next segment it is still packed")
		}
		e = r.take(client, server, 7, len(r.all))
		w.keepWithin(r.now.Add(time.Minute))
		if e.live == nil {
			t.Error("it has ended, and is packed")
		}
	}
}

// Where memory is short what is open is packed, however little time has passed, before it gives up anything.
func TestPackedBeforeGivenUp(t *testing.T) {
	w := newTestWorker(16)
	w.mostUnpacked = 1 << 20
	r := replay(t, w, oneRequest)
	var all []*entry
	for i := range 2000 {
		e := r.take(segment.Endpoint{Addr: segment.Addr{Lo: 1}, Port: uint16(1000 + i)}, segment.Endpoint{Addr: segment.Addr{Lo: 2}, Port: 80}, 0, len(r.all))
		if shardOf(e.hash()) == 0 {
			all = append(all, e)
		}
	}
	sh := &w.shards[0]
	sh.memory.measureGrown()
	sh.memory.most = sh.memory.taken / 2
	w.keepWithin(r.now)
	packed := 0
	for i, e := range all {
		if e.live == nil {
			if packed++; packed <= i {
				t.Fatalf("the %dth of %d is packed, one before is not", i+1, len(all))
			}
		}
	}
	if len(all) < 2 || sh.table.Len() != len(all) || packed == 0 || packed == len(all) {
		t.Errorf("of %d connections %d are left, %d of them packed", len(all), sh.table.Len(), packed)
	}
}

// To pack a connection and to go on allocates nothing, once others have done so.
func TestPackingDoesNotAllocate(t *testing.T) {
	if raced {
		t.Skip("with the race detector a sync.Pool drops some of what it is given")
	}
	w := newTestWorker(0)
	w.mostUnpacked = 0
	r := replay(t, w, oneRequest+"+0 > F. + ack +\n+0 < F. + ack +\n+0 > . + ack +\n")
	packed, n := 0, uint64(0)
	round := func() {
		n++
		client := segment.Endpoint{Addr: segment.Addr{Lo: n << 32}, Port: 50000}
		server := segment.Endpoint{Addr: segment.Addr{Lo: 1 + n<<40}, Port: 80}
		e := r.take(client, server, 0, 6)
		r.now = r.now.Add(time.Minute)
		w.keepWithin(r.now)
		if e.live == nil {
			packed++
		}
		r.take(client, server, 6, len(r.all))
		r.now = r.now.Add(time.Minute)
		w.keepWithin(r.now)
		for sh := range w.shards {
			w.expire(&w.shards[sh], r.now)
		}
		w.forgetEnded()
	}
	for range 2000 {
		round()
	}
	allocs := testing.AllocsPerRun(1000, round)
	if allocs > 1 { // the text of what the client calls itself, which a report has
		t.Errorf("%v allocations for a connection that is packed and goes on", allocs)
	}
	if packed < 3000 {
		t.Errorf("%d were packed", packed)
	}
}
