package tcp

import (
	"slices"

	"tcpwarm/capture/segment"
)

// maxRanges bounds a set: more holes than this are filled, the oldest first.
const maxRanges = 64

// ranges are a set of sequence numbers: ranges in order that do not touch.
type ranges struct {
	list  []segment.Block
	total int
}

func (r *ranges) size() int { return r.total }

func (r *ranges) clear() { r.list, r.total = r.list[:0], 0 }

// last returns the end of the highest range.
func (r *ranges) last() segment.Seq { return r.list[len(r.list)-1].End }

// add puts [start, end) into the set.
func (r *ranges) add(start, end segment.Seq) {
	i := 0
	for i < len(r.list) && r.list[i].End.Before(start) {
		i++
	}
	j := i
	for j < len(r.list) && !r.list[j].Start.After(end) {
		if r.list[j].Start.Before(start) {
			start = r.list[j].Start
		}
		if r.list[j].End.After(end) {
			end = r.list[j].End
		}
		r.total -= r.list[j].End.Sub(r.list[j].Start)
		j++
	}
	r.list = slices.Replace(r.list, i, j, segment.Block{Start: start, End: end})
	r.total += end.Sub(start)
	if len(r.list) > maxRanges {
		r.total += r.list[1].Start.Sub(r.list[0].End)
		r.list[1].Start = r.list[0].Start
		r.list = slices.Delete(r.list, 0, 1)
	}
}

// below takes out what is before seq.
func (r *ranges) below(seq segment.Seq) {
	k := 0
	for k < len(r.list) && !r.list[k].End.After(seq) {
		r.total -= r.list[k].End.Sub(r.list[k].Start)
		k++
	}
	r.list = r.list[:copy(r.list, r.list[k:])]
	if len(r.list) > 0 && r.list[0].Start.Before(seq) {
		r.total -= seq.Sub(r.list[0].Start)
		r.list[0].Start = seq
	}
}

// cut takes [start, end) out.
func (r *ranges) cut(start, end segment.Seq) {
	for i := 0; i < len(r.list); {
		b := r.list[i]
		if !b.End.After(start) || !b.Start.Before(end) {
			i++
			continue
		}
		var rest []segment.Block
		if b.Start.Before(start) {
			rest = append(rest, segment.Block{Start: b.Start, End: start})
		}
		if b.End.After(end) {
			rest = append(rest, segment.Block{Start: end, End: b.End})
		}
		r.total -= b.End.Sub(b.Start)
		for _, x := range rest {
			r.total += x.End.Sub(x.Start)
		}
		r.list = slices.Replace(r.list, i, i+1, rest...)
		i += len(rest)
	}
}

// covers reports whether seq is in the set.
func (r *ranges) covers(seq segment.Seq) bool {
	for _, b := range r.list {
		if !seq.Before(b.Start) && seq.Before(b.End) {
			return true
		}
	}
	return false
}

// holes is how many numbers from start to end are not in the set.
func (r *ranges) holes(start, end segment.Seq) int {
	n := end.Sub(start)
	if n <= 0 {
		return 0
	}
	for _, b := range r.list {
		lo, hi := b.Start, b.End
		if lo.Before(start) {
			lo = start
		}
		if hi.After(end) {
			hi = end
		}
		if d := hi.Sub(lo); d > 0 {
			n -= d
		}
	}
	return max(0, n)
}
