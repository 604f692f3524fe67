package engine

import (
	"sync"
	"sync/atomic"
	"time"

	"tcpwarm/analyze/event"
	"tcpwarm/analyze/pool"
	"tcpwarm/capture/segment"
)

// advanceEvery is how much capture time passes before pools decide anew: live, where a
// batch may hold a few packets, to look at each after every one would cost more than all
// its events.
const advanceEvery = 20 * time.Millisecond

// fewEvents is how many are judged faster by one goroutine than by several.
const fewEvents = 1000

// judging is what one of the goroutines that judge needs for itself.
type judging struct {
	order   packetOrder // scratch, as lists is
	lists   [][]connEvent
	fetched int // what Prefetch comes to: kept, or the compiler would leave it out
}

// judgeEvents has the judge handle what happened. The shards of clients are nothing to each
// other: several are judged at once, and the connections of one stay in the cache.
func (k *collector) judgeEvents(b *batch) {
	advance := k.clock.Sub(k.advanced) >= advanceEvery || b.bound > 0
	if advance {
		k.advanced = k.clock
		defer k.judge.ShareEvictions()
	}
	n := 0
	for i := range b.output {
		for shard := range b.output[i].events {
			n += b.output[i].events[shard].len()
		}
	}
	if n < fewEvents {
		for shard := range pool.ClientShards {
			k.judgeShard(&k.judging[0], b, shard, advance)
		}
		return
	}
	var next atomic.Int64
	var all sync.WaitGroup
	for i := range k.judging {
		all.Go(func() {
			for {
				shard := int(next.Add(1)) - 1
				if shard >= pool.ClientShards {
					return
				}
				k.judgeShard(&k.judging[i], b, shard, advance)
			}
		})
	}
	all.Wait()
}

// judgeShard has the judge handle what the clients of one shard did.
func (k *collector) judgeShard(g *judging, b *batch, shard int, advance bool) {
	g.lists = g.lists[:0]
	for i := range b.output {
		for _, list := range b.output[i].events[shard].chunks {
			for n := range list {
				g.fetched += list[n].prefetch()
			}
			g.lists = append(g.lists, list)
		}
	}
	places := inOrder(&g.order, g.lists)
	for len(places) > 0 {
		places = places[doSome(k.faults, g.lists, places, func(e *connEvent) { k.judgeEvent(shard, e) }):]
	}
	if advance {
		k.faults.guard(func() { k.judge.Advance(shard, k.clock) })
	}
}

// judgeEvent has the judge handle one event; the first begins the connection there.
func (k *collector) judgeEvent(shard int, e *connEvent) {
	h := e.handle
	switch {
	case h.pool != nil && h.pool.ID() == h.seq:
		k.judge.Handle(h.pool, &e.event)
	case e.open && !h.duplicate && !h.foreign:
		client := h.Key.Sender(h.Client)
		if k.o.OneClient {
			if k.client == (segment.Addr{}) {
				k.client = client.Addr
			}
			client.Addr = k.client
		}
		h.pool = k.judge.Open(shard, &event.Opening{ID: h.seq, Time: h.First.Time, Packet: h.First.Packet,
			Midstream: h.Midstream, SYNUnseen: h.SYNUnseen, SYN: h.Traits,
			Client: client, Server: h.Key.Sender(1 - h.Client)})
	}
}
