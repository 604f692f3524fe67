package text

import (
	"strings"

	"tcpwarm/analyze/plural"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/transaction"
)

// protocol says what was spoken and how it could be read.
func protocol(pl *report.Pool, conns []*report.Connection) string {
	var tls *report.TLS
	var basis transaction.Basis
	var grpc, transactions int64
	spoken, where := pl.Protocol, ""
	for _, c := range conns {
		grpc += c.GRPC
		transactions += c.TransactionCount
		inner, from := c.TLS, c.TransactionBasis
		if t := c.JudgedTunnel(); t != nil {
			spoken, where = t.Protocol, ", in a tunnel"
			inner, from = t.TLS, t.TransactionBasis
		} else if t := c.Tunnel; t != nil && t.Kind == report.SOCKS {
			where = ", through SOCKS"
		}
		if tls == nil {
			tls = inner
		}
		if basis == "" || basis == transaction.NoBasis {
			basis = from
		}
	}
	s := protocolName(spoken)
	switch {
	case grpc > 0 && grpc == transactions:
		s = "gRPC on " + s
	case grpc > 0:
		s += " (" + plural.Count(grpc, "gRPC request") + ")"
	}
	if pl.TLS || tls != nil {
		with := "TLS"
		if tls != nil && strings.HasPrefix(tls.Version, "SSL") {
			with = name(tls.Version)
		} else if tls != nil && tls.Version != "" {
			with += " " + name(tls.Version)
		}
		if s == "TLS" {
			s = with
		} else {
			s += " in " + with
		}
	}
	switch basis {
	case transaction.Parsed:
		s += ", read in clear"
	case transaction.Decrypted:
		s += ", decrypted"
	case transaction.Inferred:
		s += ", requests inferred from sizes and times"
	}
	return s + where
}

// protocolName is a protocol as people write it.
func protocolName(s string) string {
	switch s {
	case "websocket":
		return "WebSocket"
	case "", "unknown":
		return "unknown protocol"
	case "tunnel":
		return "tunnel"
	}
	return strings.ToUpper(name(s))
}

// where is the capture's vantage in words.
func where(x *index) string {
	switch {
	case x.loopback:
		return "captured on loopback"
	case x.vantage == report.AtClient, x.vantage == report.AtServer:
		return "at the " + string(x.vantage)
	case x.vantage == report.InTheMiddle:
		return "in the middle"
	case x.vantage == report.AtBoth:
		return "at both ends"
	}
	return "vantage not known"
}
