package transaction

// Basis says what a transaction count rests on.
type Basis string

// The bases.
const (
	Parsed    Basis = "parsed"
	Decrypted Basis = "decrypted"
	Inferred  Basis = "inferred"
	NoBasis   Basis = "none"
)
