// Package againsttshark has tests only: what tcpwarm counts and decrypts is held against
// what tshark does, which shares no code with it. They take as long as all other tests of
// the command together, so they have a time limit of their own.
package againsttshark
