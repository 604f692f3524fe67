package engine

import (
	"cmp"
	"math"
	"slices"
)

// A packetOrder puts the entries of some lists in order of packet.
type packetOrder struct{ list, room []place }

// A place is that of an entry in one of the lists.
type place struct {
	when        int64 // packet
	list, index int32
}

// inOrder returns the places of all entries by packet. Those of one packet are of one
// connection, or of many that ended as the batch did: these come by shard, so that it does not
// matter which worker's they were.
func inOrder[T any, P collected[T]](o *packetOrder, lists [][]T) []place {
	o.list = o.list[:0]
	for l, list := range lists {
		for i := range list {
			o.list = append(o.list, place{P(&list[i]).packet(), int32(l), int32(i)})
		}
	}
	of := func(p place) *handle { return P(&lists[p.list][p.index]).of() }
	all := o.sort()
	for i := 0; i < len(all); {
		same, several := i+1, false
		for ; same < len(all) && all[same].when == all[i].when; same++ {
			several = several || of(all[same]) != of(all[i])
		}
		if several {
			slices.SortStableFunc(all[i:same], func(a, b place) int {
				return cmp.Compare(shardOf(of(a).Key.Hash()), shardOf(of(b).Key.Hash()))
			})
		}
		i = same
	}
	return all
}

// sort sorts byte by byte, the last first: packets of a batch have few numbers, and to
// compare them would be guesswork for a processor.
func (o *packetOrder) sort() []place {
	least, most := int64(math.MaxInt64), int64(0)
	for i := range o.list {
		least, most = min(least, o.list[i].when), max(most, o.list[i].when)
	}
	o.room = slices.Grow(o.room[:0], len(o.list))[:len(o.list)]
	for shift := 0; most>>shift > least>>shift; shift += 8 {
		var at [256 + 1]int32 // where the next with this byte goes
		for i := range o.list {
			at[o.list[i].when>>shift&0xff+1]++
		}
		for i := range 256 {
			at[i+1] += at[i]
		}
		for i := range o.list {
			to := &at[o.list[i].when>>shift&0xff]
			o.room[*to] = o.list[i]
			*to++
		}
		o.list, o.room = o.room, o.list
	}
	return o.list
}

// A collected is an entry of the lists that workers leave.
type collected[T any] interface {
	*T
	packet() int64
	of() *handle
	prefetch() int
}

// inPacketOrder calls do with the entries of all lists by packet, and has some of them read
// before.
func inPacketOrder[T any, P collected[T]](k *collector, lists [][]T, do func(*T)) {
	for places := range slices.Chunk(inOrder[T, P](&k.order, lists), ahead) {
		for _, t := range places {
			k.fetched += P(&lists[t.list][t.index]).prefetch()
		}
		for len(places) > 0 {
			places = places[doSome(k.faults, lists, places, do):]
		}
	}
}

// doSome calls do with the entries of places and returns how many it is through with: all of
// them, or those up to one that ended in a panic.
func doSome[T any](f *faults, lists [][]T, places []place, do func(*T)) (n int) {
	defer func() {
		if v := recover(); v != nil {
			f.add(places[n-1].when, v)
		}
	}()
	for n < len(places) {
		t := &places[n]
		n++
		do(&lists[t.list][t.index])
	}
	return n
}
