package engine

import "tcpwarm/analyze/pool"

// unfinished are the decisions why connections were opened that have not ended, by their IDs. There may be many, for long:
// those that are final are packed.
type unfinished struct {
	packed   map[int64]pool.PackedDecision
	unpacked map[int64]*pool.Decision
}

// add adds d, which j has handed over.
func (u *unfinished) add(j *pool.Judge, d *pool.Decision) {
	id := d.Conn
	if x, ok := j.Pack(d); ok {
		u.packed[id] = x
	} else {
		u.unpacked[id] = d
	}
}

// take returns the decision on a connection and removes it, nil if there is none.
func (u *unfinished) take(j *pool.Judge, id int64) *pool.Decision {
	if x, ok := u.packed[id]; ok {
		delete(u.packed, id)
		return j.Unpack(x)
	}
	d := u.unpacked[id]
	delete(u.unpacked, id)
	return d
}
