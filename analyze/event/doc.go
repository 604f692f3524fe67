// Package event holds what is told of a connection to whoever judges how connections are
// reused: that it opened, that a request was sent on it, that a response ended, who closed
// it, and what is known of it in the end.
//
// An Event knows no packets and no protocol, only when things happened and in which packet
// that shows. Times are the capture's; ClockOffset leads from them to the client's clock.
package event
