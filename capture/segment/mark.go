package segment

// A Mark says when and in which packet something was captured.
type Mark struct {
	Time   Time
	Packet int64
}

// Mark returns when and where s was captured.
func (s *Segment) Mark() Mark { return Mark{s.Time, s.Packet} }
