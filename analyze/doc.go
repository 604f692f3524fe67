// Package analyze turns captured segments into a report about connections and
// their reuse. A Source of segments comes in; a *report.Report goes out.
//
// The way of a segment, each step in a package of its own:
//
//	engine       takes it in a batch, and gives it to the worker that owns its connection's shard
//	conn         orders the steps for it: sequence, state, acknowledgement, data, close
//	  tcp        what it does to SND.UNA, SND.NXT, round trips and the estimated congestion window
//	  stream     puts its bytes in order
//	  app        finds out what they speak, and reads it: HTTP/1, HTTP/2, TLS, PROXY protocol, SOCKS
//	  transaction  pairs requests and responses
//	pool         judges what happened on a client's connections beside an ideal client
//	verdict      finds what went wrong, and holds expectations against it
//	report       is what came of it, as data; report/build makes it, other packages below write it
//
// Data goes down this list and never up; a test holds the imports to it.
package analyze
