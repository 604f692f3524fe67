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
	advance := k.clock.Sub(k.advanced) >= advanceEvery || b.bound > 0 || k.judge.Crowded()
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

// judgeEvent has the judge handle one event; the first begins the connection there. What is told of a
// connection behind its end may come when its pool has been evicted: the judge's part of it then serves
// another.
func (k *collector) judgeEvent(shard int, e *connEvent) {
	h := e.handle
	switch {
	case h.pool != nil && h.pool.ID() == h.id():
		k.judge.Handle(h.pool, &e.event)
	case e.open && !h.is(duplicate|foreign):
		if k.o.OneClient && k.client == (segment.Addr{}) {
			k.client = h.Key.Sender(h.Client).Addr
		}
		o := k.opening(h)
		h.pool = k.judge.Open(shard, &o)
	}
}

// opening is how h's connection began.
func (k *collector) opening(h *handle) event.Opening {
	client := h.Key.Sender(h.Client)
	if k.o.OneClient {
		client.Addr = k.client
	}
	return event.Opening{ID: h.id(), Time: h.First.Time, Packet: h.First.Packet,
		Midstream: h.Midstream, SYNUnseen: h.SYNUnseen, SYN: h.Traits,
		Client: client, Server: h.Key.Sender(1 - h.Client)}
}

// tellEvents hands on what has happened on the connections that are judged. What follows a connection is the same
// worker for all its life, so the order of a worker's events is the order of each of its connections.
func (k *collector) tellEvents(b *batch) {
	if k.o.Happened == nil {
		return
	}
	for i := range b.output {
		for shard := range b.output[i].events {
			for _, list := range b.output[i].events[shard].chunks {
				for n := range list {
					e := &list[n]
					if e.handle.pool == nil {
						continue
					}
					o := k.opening(e.handle)
					if e.open {
						k.o.Happened(&o, nil)
					} else {
						k.o.Happened(&o, &e.event)
					}
				}
			}
		}
	}
}
