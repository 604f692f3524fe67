package engine

import (
	"tcpwarm/capture/segment"
	"testing"
)

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

// What was given up before its first request is followed once more when that comes: else its client would seem to have used
// one connection less, and to have reused all that it has.
func TestGivenUpUnused(t *testing.T) {
	client, server := segment.Endpoint{Addr: segment.Addr{Lo: 1}, Port: 50000}, segment.Endpoint{Addr: segment.Addr{Lo: 2}, Port: 80}
	w := newTestWorker(0)
	r := replay(t, w, oneRequest)
	e := r.take(client, server, 0, 3)
	w.end(&w.shards[shardOf(e.hash())], e, true)
	if e = r.take(client, server, 3, 6); e == nil || e.Facts().Count != 1 {
		t.Error("its request is not read")
	}
}
