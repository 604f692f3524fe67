package engine

import (
	"os"
	"runtime"
	"runtime/pprof"
	"testing"
	"time"

	"tcpwarm/capture/segment"
	"tcpwarm/pcaps/script"
)

const oneRequest = `0 > S 0:0(0) win 65535 <mss 1460,sackOK,TS 1 0,wscale 7>
+0.001 < S. 0:0(0) ack 1 win 65535 <mss 1460,sackOK,TS 1 1,wscale 7>
+0 > . + ack 1 win 502 <TS 1 1>
+0 > P. + ack + <TS 1 1> "GET /index.html HTTP/1.1\r\nHost: a.example\r\nUser-Agent: curl/8.0\r\n\r\n"
+0.001 < P. + ack + <TS 2 1> "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"
+0 > . + ack + <TS 2 2>
`

func TestIdleProbe(t *testing.T) {
	o := Options{Workers: 1, Limits: Limits{Memory: 1 << 40}}
	o.Limits.setDefaults()
	if os.Getenv("NOKEEP") != "" {
		o.Limits.KeptTransactions = 64
	}
	w, k := newWorker(0, o, new(faults)), newCollector(o, new(faults))
	b := &batch{output: make([]workerOutput, 1)}
	w.batch, w.out.workerOutput = b, &b.output[0]
	w.out.KeepTargets = os.Getenv("FULL") == ""
	s, err := script.Parse(oneRequest)
	if err != nil {
		t.Fatal(err)
	}
	all := s.Segments()
	spread := os.Getenv("SPREAD") != ""
	n, packet := uint64(0), int64(0)
	now := all[0].Time
	open := func(count int) (heap, counted int) {
		for range count {
			n++
			client := segment.Endpoint{Addr: segment.Addr{Lo: 1}, Port: uint16(n)}
			if spread {
				client.Addr.Lo += n << 32
			}
			server := segment.Endpoint{Addr: segment.Addr{Lo: 2 + uint64(n>>16)}, Port: 80}
			for i := range all {
				g := all[i]
				packet++
				d := g.Dir
				if i == 0 {
					d = 0
				} else if g.Dir == all[0].Dir {
					d = 0
				} else {
					d = 1
				}
				if i > 0 {
					now = now.Add(all[i].Time.Sub(all[i-1].Time))
				}
				g.Packet, g.Time = packet, now
				if d == 0 {
					g.Key, g.Dir = segment.MakeKey(client, server)
				} else {
					g.Key, g.Dir = segment.MakeKey(server, client)
				}
				w.take(&g)
			}
			if n%500 == 0 {
				now = now.Add(100 * time.Millisecond)
				k.clock = now
				w.keepWithin(now)
				k.take(b)
				w.out.clear()
			}
		}
		now = now.Add(10 * time.Second)
		w.keepWithin(now)
		bytes, refs, packed := 0, 0, 0
		for i := range w.shards {
			for e := range w.shards[i].table.All {
				if e.packed != nil {
					packed++
					bytes += e.packed.Memory()
					refs += 0
				}
			}
		}
		if packed > 0 {
			t.Log(packed, bytes/packed, float64(refs)/float64(packed))
		}
		for i := range w.shards {
			counted += w.shards[i].memory.taken
		}
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int(m.HeapAlloc), counted
	}
	heap, counted := open(50_000)
	heap2, counted2 := open(50_000)
	t.Logf("%d bytes each, %d are counted", (heap2-heap)/50_000, (counted2-counted)/50_000)
	if p := os.Getenv("HEAP"); p != "" {
		f, _ := os.Create(p)
		pprof.WriteHeapProfile(f)
		f.Close()
	}
	runtime.KeepAlive(w)
	runtime.KeepAlive(k)
}
