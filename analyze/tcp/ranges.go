package tcp

import (
	"slices"

	"tcpwarm/capture/segment"
)

// maxRanges bounds a set: more holes than this are filled, the oldest first.
const maxRanges = 1024

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
	i := r.from(start)
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

// from returns the first range that does not end before seq. As a rule it is the last, or behind that: looked at first.
func (r *ranges) from(seq segment.Seq) int {
	lo, hi := 0, len(r.list)
	for mid := hi - 1; lo < hi; mid = int(uint(lo+hi) / 2) {
		if r.list[mid].End.Before(seq) {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
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
	for i := r.from(start.Add(1)); i < len(r.list) && r.list[i].Start.Before(end); {
		b := &r.list[i]
		r.total -= b.End.Sub(b.Start)
		before, after := segment.Block{Start: b.Start, End: start}, segment.Block{Start: end, End: b.End}
		keepBefore, keepAfter := b.Start.Before(start), b.End.After(end)
		switch {
		case keepBefore && keepAfter:
			*b = before
			r.list = slices.Insert(r.list, i+1, after)
			r.total += before.End.Sub(before.Start) + after.End.Sub(after.Start)
			return
		case keepBefore:
			*b = before
			r.total += before.End.Sub(before.Start)
			i++
		case keepAfter:
			*b = after
			r.total += after.End.Sub(after.Start)
			return
		default:
			r.list = slices.Delete(r.list, i, i+1)
		}
	}
}

// covers reports whether seq is in the set.
func (r *ranges) covers(seq segment.Seq) bool {
	i := r.from(seq.Add(1))
	return i < len(r.list) && !seq.Before(r.list[i].Start)
}

// holes is how many numbers from start to end are not in the set, none of which is
// before start. It looks at those above end only: there are few.
func (r *ranges) holes(start, end segment.Seq) int {
	n := end.Sub(start) - r.total
	for i := len(r.list) - 1; i >= 0 && r.list[i].End.After(end); i-- {
		from := r.list[i].Start
		if from.Before(end) {
			from = end
		}
		n += r.list[i].End.Sub(from)
	}
	return max(0, n)
}
