package pool

import (
	"unsafe"

	"tcpwarm/analyze/compact"
	"tcpwarm/capture/segment"
)

// A PackedDecision is a Decision that is kept for long.
type PackedDecision struct {
	like *decisionModel
	compact.Packed
}

// decisionMemory is how many bytes one takes, about, with its slot of a table that is half full.
const decisionMemory = 2*(int(unsafe.Sizeof(PackedDecision{}))+8) + 48

// A decisionModel is of those that are due to one cause.
type decisionModel struct{ compact.Model }

// decisionKind says in what decisions are alike.
type decisionKind struct {
	cause      Cause
	confidence Confidence
}

// A decisionStore is what packed decisions have in common.
type decisionStore struct {
	packer compact.Packer
	models map[decisionKind]*decisionModel
	memory compact.Free
	part   [1]compact.Part
	base   segment.Time // near their times
	out    Decision     // room for one
}

var decisionLayout = compact.LayoutOf[Decision]()

// Pack packs d, which is given back with that, as by Done, if nothing can change it any more.
func (j *Judge) Pack(d *Decision) (x PackedDecision, ok bool) {
	if !d.final {
		return x, false
	}
	st, s := &j.packed, d.shard
	if st.models == nil {
		st.models, st.base = map[decisionKind]*decisionModel{}, d.At
	}
	kind := decisionKind{d.Cause, d.Confidence}
	x.like = st.models[kind]
	if x.like == nil {
		x.like = new(decisionModel)
		st.models[kind] = x.like
	}
	d.shard = nil
	st.part[0] = compact.PartOf(d, decisionLayout)
	x.Packed = st.packer.Pack(st.part[:], &x.like.Model, int64(st.base), &st.memory)
	s.free.decisions.Put(d)
	return x, true
}

// Unpack returns what was packed to x, which is not valid any more, until Unpack is called again.
func (j *Judge) Unpack(x PackedDecision) *Decision {
	st := &j.packed
	st.part[0] = compact.PartOf(&st.out, decisionLayout)
	st.packer.Unpack(st.part[:], &x.like.Model, int64(st.base), &x.Packed, &st.memory)
	st.out.final = false // it is not to be given back
	return &st.out
}
