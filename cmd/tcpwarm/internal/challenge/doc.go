// Package challenge examines HTTP clients: a server on loopback for each scenario, which
// asks a client to fetch URLs and behaves in one way that clients meet, and what is to be
// said of the client then.
//
// A [Scenario] says what is asked for and what a good client does; Scenarios is the table
// of them that help, documents and reports share. A [Server] plays one and notes what it
// sees: requests, their answers, and the bytes and ends of its connections as segments
// ([Trace]). [Feed] hands the URLs out, [Judge] holds what came of it against the ideal
// client. Judge reads packets, or the server's trace where nothing could be captured: the
// same analysis judges both.
//
// Nothing here starts a command or captures: that is the business of who calls.
package challenge
