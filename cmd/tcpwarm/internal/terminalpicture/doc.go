// Command terminalpicture takes README's pictures of a terminal: in a network namespace of its own it runs tcpwarm on a
// pseudo-terminal, with a real client and servers (Go's net/http), and draws what that shows as SVG. make
// terminal-picture runs it.
package main
