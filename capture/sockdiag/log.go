package sockdiag

import (
	"maps"
	"slices"

	"tcpwarm/capture/segment"
)

const (
	mostAnswers = 1 << 17 // of all sockets: about 14 MB
	mostOfOne   = 1 << 12 // at 20 a second, three minutes of change
	mostSockets = 1 << 15
)

// A Log keeps what was said of sockets. Where that is much, it keeps every second answer of
// those that have the most, as often as it takes; beyond mostSockets, those that are gone are
// forgotten first, the oldest before others.
type Log struct {
	sockets map[identity]*Socket
	byEnds  map[Ends][]*Socket // by what alias calls them
	alias   func(Ends) []Ends
	held    int // answers
	ofOne   int // answers that a socket may have
}

// An identity is a socket's: another one may have its addresses later.
type identity struct {
	Ends
	cookie uint64
}

func newLog(alias func(Ends) []Ends) *Log {
	if alias == nil {
		alias = func(e Ends) []Ends { return []Ends{e} }
	}
	return &Log{sockets: map[identity]*Socket{}, byEnds: map[Ends][]*Socket{}, alias: alias, ofOne: mostOfOne}
}

// add notes an answer of the socket id.
func (l *Log) add(id identity, algorithm string, a *Answer) {
	s := l.sockets[id]
	if s == nil {
		if len(l.sockets) >= mostSockets && !l.forget(a.From) {
			return
		}
		s = &Socket{Ends: id.Ends}
		l.sockets[id] = s
		for _, e := range l.alias(id.Ends) {
			l.byEnds[e] = append(l.byEnds[e], s)
		}
	}
	s.Asked++
	s.Algorithm = algorithm
	if n := len(s.Answers); n > 1 && s.Answers[n-1].says(a) && s.Answers[n-2].says(a) {
		s.Answers[n-1] = *a // between the two nothing has happened
		return
	}
	s.Answers = append(s.Answers, *a)
	l.held++
	for len(s.Answers) > l.ofOne {
		l.thin(s)
	}
	for l.held > mostAnswers && l.ofOne > 2 {
		l.ofOne /= 2
		for _, s := range l.sockets {
			for len(s.Answers) > l.ofOne {
				l.thin(s)
			}
		}
	}
}

// says reports whether a and b say the same of the window, with nothing sent between them.
func (a *Answer) says(b *Answer) bool {
	return a.Window == b.Window && a.Threshold == b.Threshold && a.State == b.State &&
		a.InFlight == 0 && b.InFlight == 0 && b.SinceSent > b.From.Sub(a.Until)
}

// thin keeps every second answer of s, and the last.
func (l *Log) thin(s *Socket) {
	kept := s.Answers[:0]
	for i := range s.Answers {
		if i%2 == 0 || i == len(s.Answers)-1 {
			kept = append(kept, s.Answers[i])
		}
	}
	l.held -= len(s.Answers) - len(kept)
	s.Answers = kept
}

// forget makes room: a quarter of the sockets goes, those that answered least of late. It
// reports whether any could go: those that have just answered stay.
func (l *Log) forget(now segment.Time) bool {
	old := slices.Collect(maps.Keys(l.sockets))
	last := func(id identity) segment.Time {
		s := l.sockets[id]
		return s.Answers[len(s.Answers)-1].Until
	}
	slices.SortFunc(old, func(a, b identity) int { return int(last(a).Sub(last(b))) })
	gone := false
	for _, id := range old[:len(old)/4] {
		if now.Sub(last(id)) < longest {
			break
		}
		l.remove(id)
		gone = true
	}
	return gone
}

func (l *Log) remove(id identity) {
	s := l.sockets[id]
	l.held -= len(s.Answers)
	delete(l.sockets, id)
	for _, e := range l.alias(id.Ends) {
		if l.byEnds[e] = slices.DeleteFunc(l.byEnds[e], func(x *Socket) bool { return x == s }); len(l.byEnds[e]) == 0 {
			delete(l.byEnds, e)
		}
	}
}

// Of returns the sockets with these ends, one after the other: in the order of their first answers.
func (l *Log) Of(e Ends) []*Socket {
	list := slices.Clone(l.byEnds[e])
	slices.SortFunc(list, func(a, b *Socket) int { return int(a.Answers[0].From.Sub(b.Answers[0].From)) })
	return list
}
