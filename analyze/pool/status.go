package pool

// maxStatuses bounds the statuses that are told apart in one pool; services use some ten.
const maxStatuses = 16

// The Statuses detector watches what became of connections by the status of their latest response: another
// request followed on it, or an avoidable connection was opened instead.
type Statuses struct {
	Of   []Status // maxStatuses at most
	More bool     // there were others, which are not counted
}

// A Status counts what became of connections whose latest response had it.
type Status struct {
	Status         uint16
	Followed, Left int64
	Conn, Packet   int64 // the first that was opened instead, valid if Left is not 0
}

// of returns what is counted of a status, nil if it is not known or one too many.
func (s *Statuses) of(status uint16) *Status {
	if status == 0 {
		return nil
	}
	for i := range s.Of {
		if s.Of[i].Status == status {
			return &s.Of[i]
		}
	}
	if len(s.Of) == maxStatuses {
		s.More = true
		return nil
	}
	s.Of = append(s.Of, Status{Status: status})
	return &s.Of[len(s.Of)-1]
}

// followed notes that a request followed on a connection.
func (s *Statuses) followed(status uint16) {
	if x := s.of(status); x != nil {
		x.Followed++
	}
}

// left notes that conn was opened instead, which its packet shows.
func (s *Statuses) left(status uint16, conn, packet int64) {
	if x := s.of(status); x != nil {
		if x.Left++; x.Left == 1 || packet < x.Packet {
			x.Conn, x.Packet = conn, packet
		}
	}
}

// merge adds those of a pool that is the same one.
func (s *Statuses) merge(o *Statuses) {
	s.More = s.More || o.More
	for i := range o.Of {
		from := &o.Of[i]
		x := s.of(from.Status)
		if x == nil {
			continue
		}
		if from.Left > 0 && (x.Left == 0 || from.Packet < x.Packet) {
			x.Conn, x.Packet = from.Conn, from.Packet
		}
		x.Left += from.Left
		x.Followed += from.Followed
	}
}

// statuses returns those of p.
func (s *clientShard) statuses(p *Pool) *Statuses {
	rare := s.rare(p)
	x := rare.statuses
	if x == nil {
		x = s.free.statuses.Get()
		*x = Statuses{Of: x.Of[:0]}
		rare.statuses = x
		s.taken += statusesSize
	}
	return x
}

// Statuses returns what became of p's connections by the status of their latest response.
func (p *Pool) Statuses() Statuses { return valueOf(p.seen().statuses) }

// asksAgain reports whether a response of a status asks for another request at once: elsewhere (RFC 9110 section
// 15.4), or with credentials (sections 15.5.2 and 15.5.8).
func asksAgain(status uint16) bool {
	switch status {
	case 301, 302, 303, 307, 308, 401, 407:
		return true
	}
	return false
}

// EndsAfter reports whether a status is one after which no connection was used again, though
// after others they were. A request that the response asks for is none that shows that.
func (s *Statuses) EndsAfter(status uint16) bool {
	others, own := false, false
	for i := range s.Of {
		x := &s.Of[i]
		if x.Status == status {
			own = x.Followed > 0
		} else {
			others = others || x.Followed > 0 && !asksAgain(x.Status)
		}
	}
	return status != 0 && others && !own && !s.More
}
