package engine

import (
	"testing"
	"time"

	"tcpwarm/capture/segment"
)

// What was given up and goes on is not followed again for a minute: for each of its segments another would be given up. Its
// segments are counted; a SYN begins another connection at once.
func TestGivenUpIsNotFollowed(t *testing.T) {
	const segments = "+0 > P. + ack + \"GET / HTTP/1.1\\r\\nHost: a.example\\r\\n\\r\\n\"\n+0 < . + ack +\n"
	client, server := segment.Endpoint{Addr: segment.Addr{Lo: 1}, Port: 50000}, segment.Endpoint{Addr: segment.Addr{Lo: 2}, Port: 80}
	for _, x := range []struct {
		what     string
		after    time.Duration
		from     int // segments that come then
		followed bool
	}{
		{"within a minute", timeWaitFor - time.Second, 6, false},
		{"later", timeWaitFor + time.Second, 6, true},
		{"another SYN", time.Second, 0, true},
	} {
		w := newTestWorker(0)
		r := replay(t, w, oneRequest+segments)
		e := r.take(client, server, 0, 6)
		sh := &w.shards[shardOf(e.hash())]
		w.giveUp(sh, e)
		if sh.table.Len() != 0 || w.out.ended.len() != 1 || !w.out.ended.chunks[0][0].gaveUp {
			t.Fatalf("%d are followed, %d have ended", sh.table.Len(), w.out.ended.len())
		}
		r.now = r.now.Add(x.after)
		if x.from == 0 {
			for i := range r.all {
				r.all[i].Seq, r.all[i].Ack = r.all[i].Seq.Add(1<<20), r.all[i].Ack.Add(1<<20)
			}
		}
		r.take(client, server, x.from, len(r.all))
		if got := sh.table.Len() == 1; got != x.followed {
			t.Errorf("%s: it is followed: %v", x.what, got)
		}
		if n := int64(len(r.all) - x.from); x.followed != (w.out.goneOn == 0) || !x.followed && w.out.goneOn != n || w.out.late.N > 0 {
			t.Errorf("%s: %d segments are counted, and %d late ones", x.what, w.out.goneOn, w.out.late.N)
		}
	}
}

// Nothing is remembered of a half-open connection that was given up: there may be millions.
func TestGivenUpHalfOpen(t *testing.T) {
	client, server := segment.Endpoint{Addr: segment.Addr{Lo: 1}, Port: 50000}, segment.Endpoint{Addr: segment.Addr{Lo: 2}, Port: 80}
	w := newTestWorker(0)
	r := replay(t, w, oneRequest)
	e := r.take(client, server, 0, 1)
	sh := &w.shards[shardOf(e.hash())]
	if w.giveUp(sh, e); sh.timeWait.Len() != 0 {
		t.Error("it is remembered")
	}
}

// Where memory is short what has ended goes before anything open gives up what it waits for, or its place; and is no loss.
func TestEndedGoesFirst(t *testing.T) {
	w := newTestWorker(0)
	w.mostUnpacked = 1 << 20
	r := replay(t, w, oneRequest+"+0 > F. + ack +\n+0 < F. + ack +\n+0 > . + ack +\n")
	server := segment.Endpoint{Addr: segment.Addr{Lo: 2}, Port: 80}
	open, ended := 0, 0
	var sh *shard
	for i := 0; ended < 10; i++ {
		client := segment.Endpoint{Addr: segment.Addr{Lo: 1}, Port: uint16(1000 + i)}
		key, _ := segment.MakeKey(client, server)
		if shardOf(key.Hash()) != 0 {
			continue
		}
		if open < 2 {
			open++
			r.take(client, server, 0, 6)
		} else {
			ended++
			r.take(client, server, 0, len(r.all))
		}
		sh = &w.shards[0]
	}
	sh.memory.measureGrown()
	sh.memory.most = sh.memory.taken * 8 / 7 / 2
	w.out.Now = segment.Mark{Time: r.now, Packet: r.packet}
	w.relieve(sh)
	gaveUp := 0
	for _, chunk := range w.out.ended.chunks {
		for i := range chunk {
			if chunk[i].gaveUp {
				gaveUp++
			}
		}
	}
	if n := w.out.ended.len(); ended < 2 || n == 0 || gaveUp > 0 || sh.table.Len() != open+ended-n {
		t.Errorf("of %d that have ended %d are let go, and %d given up of all; %d are left", ended, n, gaveUp, sh.table.Len())
	}
}
