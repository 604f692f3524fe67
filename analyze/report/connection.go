package report

import (
	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/transaction"
)

// A Connection is one TCP connection.
type Connection struct {
	ID          int64   `json:"id"` // from 1, in order of first packet
	Client      string  `json:"client"`
	Server      string  `json:"server"`
	ProxiedFor  string  `json:"proxied_for,omitempty"` // ip; the client is a proxy, and says by the PROXY protocol whom it speaks for
	RoleBasis   string  `json:"role_basis"`            // syn, syn-ack, payload, port
	Other       bool    `json:"other,omitempty"`       // not of the command that was run: not judged
	Start       Instant `json:"start"`
	End         Instant `json:"end"`
	FirstPacket int64   `json:"first_packet"`
	LastPacket  int64   `json:"last_packet"`
	Pool        int64   `json:"pool,omitempty"` // ID of its pool
	Handshake   string  `json:"handshake"`      // full, fast-open, half, refused, missed
	History     string  `json:"history"`
	// http/0.9, http/1.0, http/1.1, http/2, websocket, tunnel, tls, another's name (ssh, redis, ...), unknown
	Protocol string `json:"protocol"`
	TLS      *TLS   `json:"tls,omitempty"`
	Name     string `json:"name,omitempty"` // authority's name: TLS server name or Host

	GRPC   int64 `json:"grpc_requests,omitempty"`
	Pushed int64 `json:"pushed_responses,omitempty"` // that nobody asked for (RFC 9113 section 8.4)

	TransactionCount int64             `json:"transaction_count"`
	TransactionBasis transaction.Basis `json:"transaction_basis"`
	TransactionLow   *int64            `json:"transaction_low,omitempty"`
	TransactionHigh  *int64            `json:"transaction_high,omitempty"`
	Requests         int64             `json:"requests"`
	Responses        int64             `json:"responses"` // final ones
	Transactions     []*Transaction    `json:"transactions"`

	OpenedBecause *OpenedBecause `json:"opened_because,omitempty"` // absent for unused connections
	Closed        Closed         `json:"closed"`
	Tunnel        *Tunnel        `json:"tunnel,omitempty"`

	ClientToServer Half `json:"client_to_server"`
	ServerToClient Half `json:"server_to_client"`
}

// TLS is what a connection's handshake showed.
type TLS struct {
	Version    string `json:"version,omitempty"` // 1.0 to 1.3, 1.3 draft 23, SSL 3.0
	ServerName string `json:"server_name,omitempty"`
	ALPN       string `json:"alpn,omitempty"`
	Resumed    *bool  `json:"resumed,omitempty"`
	Decrypted  bool   `json:"decrypted"`
}

// OpenedBecause says why a used connection was opened.
type OpenedBecause struct {
	Cause      pool.Cause      `json:"cause"`
	InsteadOf  int64           `json:"instead_of,omitempty"` // the connection that could have served
	Confidence pool.Confidence `json:"confidence"`
	Idle       *Seconds        `json:"idle_s,omitempty"` // how long that one had been idle
	Packets    []int64         `json:"packets"`
	Text       string          `json:"text"`                 // evidence in words, one sentence
	RefutedBy  string          `json:"refuted_by,omitempty"` // what would show the cause to be wrong
	Provoked   bool            `json:"-"`                    // the server ended one by GOAWAY for the client's error
	LeftInUse  bool            `json:"-"`                    // the server ended one in use by GOAWAY, for no error
}

// Closed says how a connection ended.
type Closed struct {
	First     string   `json:"first"` // client, server, none
	How       string   `json:"how"`   // fin, rst, open
	AfterIdle *Seconds `json:"after_idle_s,omitempty"`
	Packet    int64    `json:"packet,omitempty"` // of the first FIN or RST
	At        *Instant `json:"at,omitempty"`
}

// SOCKS is the kind of a tunnel whose connection is wholly the target's once the proxy has
// connected it: its transactions are the connection's own.
const SOCKS = "socks"

// A Tunnel is what ran inside a connection after CONNECT, 101 or the handshake with a SOCKS proxy.
type Tunnel struct {
	Counts bool `json:"judged,omitempty"` // its transactions are judged, instead of the CONNECT

	Kind             string            `json:"kind"` // connect, websocket, socks, other
	Target           string            `json:"target,omitempty"`
	Protocol         string            `json:"protocol"`
	TLS              *TLS              `json:"tls,omitempty"`
	TransactionCount int64             `json:"transaction_count"`
	TransactionBasis transaction.Basis `json:"transaction_basis"`
	Transactions     []*Transaction    `json:"transactions,omitempty"`
}
