package pool

import (
	"maps"
	"slices"

	"tcpwarm/analyze/event"
	"tcpwarm/capture/segment"
)

// A step is what a test tells a Judge: a connection's opening, or an event of
// it.
type step struct {
	event.Event
	conn           int64
	open           bool
	client, server segment.Endpoint
	midstream      bool
	syn            event.SYN
}

func opens(conn int64, client, server segment.Endpoint) step {
	return step{conn: conn, open: true, client: client, server: server}
}

func of(conn int64, e event.Event) step { return step{conn: conn, Event: e} }

// A feeder is a Judge that knows connections by number.
type feeder struct {
	*Judge
	conns map[int64]*Conn
}

func feed(j *Judge) *feeder { return &feeder{j, map[int64]*Conn{}} }

// advance advances all shards, and shares out what is too much.
func (j *Judge) advance(now segment.Time) {
	for n := range ClientShards {
		j.Advance(n, now)
	}
	j.ShareEvictions()
}

// pools returns those that are kept so far.
func (j *Judge) pools() []*Pool {
	var list []*Pool
	for i := range j.shards {
		for p := j.shards[i].pools.first; p != nil; p = p.next {
			list = append(list, p)
		}
	}
	return list
}

// all returns the clients that j knows.
func (j *Judge) all() []*client {
	var list []*client
	for i := range j.shards {
		list = slices.AppendSeq(list, maps.Values(j.shards[i].clients))
	}
	return list
}

func (f *feeder) handle(s *step) {
	if s.open {
		f.conns[s.conn] = f.Open(int(s.client.Addr.Lo%ClientShards), &event.Opening{ID: s.conn, Time: s.Time, Packet: s.Packet, Client: s.client, Server: s.server, Midstream: s.midstream, SYN: s.syn})
		return
	}
	f.Judge.Handle(f.conns[s.conn], &s.Event)
	if s.Kind == event.ConnEnded {
		delete(f.conns, s.conn)
	}
}
