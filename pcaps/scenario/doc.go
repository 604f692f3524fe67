// Package scenario has servers on loopback that behave in the ways that HTTP clients meet, one
// way each.
//
// A [Scenario] says what its server does, what is asked for and what a good client does; [All]
// is the table of them that help, documents and reports share. A [Server] plays one and notes
// what it sees: requests with what came of them ([Seen]), and the bytes and ends of its
// connections as segments ([Trace]), which can be analysed as a capture can. [Server.Feed] hands
// the URLs out to a client.
//
// What is to be said of the client is the business of who calls. Servers take no more than
// their scenario needs: they listen on loopback only, and everything they wait for has its time.
package scenario
