package engine

import (
	"tcpwarm/analyze/conn"
	"tcpwarm/analyze/event"
	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/report/build"
	"tcpwarm/analyze/tcp"
	"tcpwarm/analyze/verdict"
	"tcpwarm/capture/segment"
)

// A workerOutput is what a worker tells the collector of one batch. Its lists are in no
// order: the collector sorts them by packet.
type workerOutput struct {
	opened  []opened
	events  [pool.ClientShards]chunkedList[connEvent] // by client
	whos    chunkedList[event.Who]                    // that events point to
	endings chunkedList[event.Ending]                 // likewise
	ended   chunkedList[ended]
	samples []samplesOf
	steps   []stepsOf
	taken   int // bytes, by the worker's connections that have not ended

	late         build.Tally // segments of connections long finished
	unacceptable build.Tally // segments that cannot be of the connection of their four numbers
	inconsistent build.Tally // segments with other bytes than others at the same sequence numbers
}

// An emitter collects a worker's output. What its connections have in common lies there too.
type emitter struct {
	*workerOutput
	conn.Env

	none      bool // the collector keeps no more records of connections
	oneClient bool // all client addresses are one client's

	freeEvents  freeList[connEvent]
	freeWhos    freeList[event.Who]
	freeEndings freeList[event.Ending]
	freeEnded   freeList[ended]
}

// clear empties the output.
func (o *emitter) clear() {
	o.opened, o.samples, o.steps = o.opened[:0], o.samples[:0], o.steps[:0]
	o.late, o.unacceptable, o.inconsistent = build.Tally{}, build.Tally{}, build.Tally{}
	o.ended.clear(&o.freeEnded)
	o.whos.clear(&o.freeWhos)
	o.endings.clear(&o.freeEndings)
	for i := range o.events {
		o.events[i].clear(&o.freeEvents)
	}
}

// trim gives up room beyond what a batch needs that takes few segments, by so many bits fewer. It comes after clear.
func (o *emitter) trim(fewer int) {
	most := maxEnds >> fewer / chunkSize
	o.freeEnded.trim(most)
	o.freeEndings.trim(most)
	o.freeWhos.trim(most)
	o.freeEvents.trim(most + 4*pool.ClientShards) // each client's list has a chunk that is not full
}

// clientShard returns in which shard a client at a is, the same in every run.
func (o *emitter) clientShard(a segment.Addr) int {
	if o.oneClient {
		return 0
	}
	h := (a.Hi ^ a.Lo) * 0x9E3779B97F4A7C15
	return int((h ^ h>>32) * 0xD6E8FEB86659FD93 >> 32 % pool.ClientShards)
}

// seen notes that e was seen, or that its client is known.
func (o *emitter) seen(e *entry) {
	o.opened = append(o.opened, opened{o.Now.Packet, e.handle, e.ClientKnown()})
}

// event adds an event of e, whose event.Event is not set.
func (o *emitter) event(e *entry) *connEvent {
	v := o.events[e.clients].next(&o.freeEvents)
	v.when, v.handle, v.open = o.Now.Packet, e.handle, false
	return v
}

// Opened sends on that the client of e is known.
func (e *entry) Opened() {
	e.clients = e.out.clientShard(e.handle.Key.Sender(e.handle.Client).Addr)
	e.out.seen(e)
	e.out.event(e).open = true
}

// Event returns room for an event of e.
func (e *entry) Event() *event.Event { return &e.out.event(e).event }

// Who returns room for one that an event is going to point to.
func (e *entry) Who() *event.Who { return e.out.whos.next(&e.out.freeWhos) }

// Ending returns room for one that an event is going to point to.
func (e *entry) Ending() *event.Ending { return e.out.endings.next(&e.out.freeEndings) }

// Unacceptable counts a segment that cannot be of e.
func (e *entry) Unacceptable(packet int64) { e.out.unacceptable.Add(1, packet) }

// Inconsistent counts a segment that contradicts another of e.
func (e *entry) Inconsistent(packet int64) { e.out.inconsistent.Add(1, packet) }

// Samples sends on how a window has grown.
func (e *entry) Samples(d segment.Dir, list []tcp.Sample) {
	e.out.samples = append(e.out.samples, samplesOf{instant{e.handle, e.out.Now.Packet}, d, list})
}

// Steps sends on what time-sequence graphs show.
func (e *entry) Steps(list []tcp.Step) {
	e.out.steps = append(e.out.steps, stepsOf{instant{e.handle, e.out.Now.Packet}, list})
}

// finish leaves to the collector what it needs of e, which may then serve again.
func (o *emitter) finish(e *entry, gaveUp bool) {
	c := &e.live.Conn
	f := o.ended.next(&o.freeEnded)
	f.when, f.handle, f.gaveUp, f.vantage = o.Now.Packet, e.handle, gaveUp, c.Handshake().Vantage()
	f.overflows, f.ignored = c.Overflows(), c.Facts().Ignored
	f.kept, f.unkept = c.Kept()
	build.Facts(c, &f.facts)
	f.record = nil
	if !o.none {
		f.record = build.Connection(c)
	}
	c.FreeBudget()
}

// abandon leaves to the collector that e was given up because it is broken: only what a
// connection is begun with is to be trusted. It does not serve again.
func (o *emitter) abandon(e *entry) {
	c := &e.live.Conn
	c.FreeBudget()
	if !c.ClientKnown() {
		o.seen(e) // it has a number then
	}
	c.Abandon()
	*o.ended.next(&o.freeEnded) = ended{when: o.Now.Packet, handle: e.handle, gaveUp: true,
		vantage: tcp.UnknownVantage, facts: verdict.Conn{First: e.handle.First}, record: build.Broken(c)}
}
