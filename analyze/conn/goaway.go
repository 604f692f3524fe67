package conn

import (
	"bytes"

	"tcpwarm/analyze/app/http2"
	"tcpwarm/analyze/event"
	"tcpwarm/analyze/transaction"
	"tcpwarm/capture/segment"
)

// maxDebug bounds what is kept of a GOAWAY's debug data, in bytes: what programs say there is a
// word or a sentence.
const maxDebug = 120

// saysAge is how servers of gRPC, whatever their language, say that a connection has come to
// its age.
var saysAge = []byte("max_age")

// GoAway begins the end of the connection: no more streams will be opened, or none served. A
// side may say so twice, first that it is about to and then which stream was the last (RFC 9113
// section 6.8): the later one counts, unless the first told of an error.
func (x *httpTracker) GoAway(fromClient bool, last uint32, code http2.Code, debug []byte, at segment.Mark) {
	said := &event.GoAway{FromClient: fromClient, LastStream: last, Code: uint32(code), At: at}
	if debug = debug[:min(len(debug), maxDebug)]; len(debug) > 0 {
		said.ForAge = bytes.Contains(debug, saysAge)
		said.Debug = x.conn.env.Readers.Names.Text(string(debug))
	}
	kept := &x.facts.GoAway
	if fromClient {
		kept = &x.facts.ClientGoAway
	}
	if before := *kept; before != nil {
		said.At, said.ForAge = before.At, said.ForAge || before.ForAge
		if said.Debug == "" {
			said.Debug = before.Debug
		}
		if before.Code != uint32(http2.NoError) {
			said.Code = before.Code
		}
	}
	said.BlamesPeer = http2.Code(said.Code).BlamesPeer()
	*kept = said
	x.conn.closes(sideOf(fromClient), false, said, at)
}

// leavesOut reports whether the server said by GOAWAY that it does not serve t: a stream above the last that it
// names, which may be asked for again (RFC 9113 section 6.8).
func (f *Facts) leavesOut(t *transaction.Transaction) bool {
	return f.GoAway != nil && !t.HasStatus && t.Stream > f.GoAway.LastStream
}

// StreamReset is told of a stream that one side has ended.
func (x *httpTracker) StreamReset(t *transaction.Transaction, fromClient bool, code http2.Code, at segment.Mark) {
	f := &x.facts
	switch {
	case !fromClient && code == http2.RefusedStream:
		if f.Refused++; f.Refused == 1 {
			f.FirstRefused = at
		}
	case fromClient && !t.HasStatus && t.RequestDone && !f.leavesOut(t):
		f.GivenUp.Add(t.Start, t.RequestEnd, at)
	}
}
