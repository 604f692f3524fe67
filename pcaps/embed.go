package pcaps
type Sample struct { Name, About string; Data []byte }
func Demo() []Sample { return nil }
