package analyze

import (
	"bytes"
	"cmp"
	"slices"
	"testing"

	"tcpwarm/analyze/report/jsonreport"
	"tcpwarm/capture/segment"
	"tcpwarm/pcaps/script"
)

// crowd returns what many clients do, of two connections each. Some segments come when all
// is over.
func crowd(t *testing.T, connections int) []segment.Segment {
	return crowdOf(t, connections, func(i uint64) (client, port uint64) { return i / 2, i % 2 })
}

// crowdOf returns what clients do, of which who tells one and its port for each connection.
func crowdOf(t *testing.T, connections int, who func(i uint64) (client, port uint64)) []segment.Segment {
	s, err := script.Parse(handshake + `+0 > P. + ack + "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
+0.01 < P. + ack + "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
+0 > . +(0) ack +
+0.3 > F. +(0) ack +
+0 < F. +(0) ack +
+0 > . +(0) ack +
+3 > . +(0) ack +
`)
	if err != nil {
		t.Fatal(err)
	}
	var all []segment.Segment
	for i := range uint64(connections) {
		for _, g := range s.Segments() {
			client := &g.Key.A
			if g.Key.A.Port < g.Key.B.Port {
				client = &g.Key.B
			}
			addr, port := who(i)
			client.Addr.Lo += addr
			client.Port += uint16(port)
			g.Time += segment.Time(i) * 3e6
			all = append(all, g)
		}
	}
	slices.SortStableFunc(all, func(a, b segment.Segment) int { return cmp.Compare(a.Time, b.Time) })
	for i := range all {
		all[i].Packet = int64(i + 1)
	}
	return all
}

// reported returns the report on segments that come size at once.
func reported(t *testing.T, all []segment.Segment, size int, o Options) []byte {
	r, err := Run(t.Context(), &segments{list: all, size: size}, o)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := jsonreport.Write(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// How many segments come at once changes nothing, though they are followed shard by
// shard and judged client by client; nor does the number of workers.
func TestBlocksDoNotMatter(t *testing.T) {
	all := crowd(t, 300)
	want := reported(t, all, 1, Options{Workers: 1})
	if !bytes.Contains(want, []byte("stray-segments")) {
		t.Error("no strays among what is compared")
	}
	for _, size := range []int{1, 100, 2048, 5000, len(all)} {
		for _, workers := range []int{1, 2, 5} {
			if !bytes.Equal(reported(t, all, size, Options{Workers: workers}), want) {
				t.Errorf("another report with %d segments at once and %d workers", size, workers)
			}
		}
	}
}

// Live, where a few packets come at once, pools are summed up as well.
func TestFewAtOnceSumUpPools(t *testing.T) {
	r, err := Run(t.Context(), &segments{list: crowd(t, 1500), size: 1}, Options{Limits: Limits{KeptPools: 50}})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Pools) > 4*50 {
		t.Errorf("%d pools of 750 are kept, the limit is 50", len(r.Pools))
	}
}

// Where limits are reached the report is the same in every run, with any number of workers.
func TestLimitsDoNotDependOnWorkers(t *testing.T) {
	all := crowd(t, 1500)
	run := func(workers int) []byte {
		return reported(t, all, 200, Options{Workers: workers, Limits: Limits{KeptConnections: 500, KeptTransactions: 250, KeptPools: 150}})
	}
	want := run(1)
	for _, kind := range []string{"records-not-kept", "transactions-not-kept", "pools-not-kept"} {
		if !bytes.Contains(want, []byte(kind)) {
			t.Errorf("%s is not among the problems", kind)
		}
	}
	if n := bytes.Count(want, []byte(`"method"`)); n == 0 || n > 250 {
		t.Errorf("%d transactions are kept, the limit is 250", n)
	}
	if n := bytes.Count(want, []byte(`"role_basis"`)); n != 500 {
		t.Errorf("%d connections are kept, the limit is 500", n)
	}
	again := 8
	if testing.Short() {
		again = 1
	}
	for range again {
		for _, workers := range []int{1, 2, 5} {
			if !bytes.Equal(run(workers), want) {
				t.Errorf("another report with %d workers", workers)
			}
		}
	}
}
