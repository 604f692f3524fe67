package tls

import (
	"crypto/tls"
	"testing"
)

// A server's hello answers that of its client, however it is cut up, and no other.
func TestAnswers(t *testing.T) {
	cert := certificate(t, false)
	var firsts [][2][]byte
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		config := &tls.Config{InsecureSkipVerify: true, ServerName: "a.example", MinVersion: version, MaxVersion: version,
			Certificates: []tls.Certificate{cert}}
		var first [2][]byte
		for _, w := range exchange(t, config, config).list {
			side := fromServer
			if w.client {
				side = fromClient
			}
			if first[side] == nil {
				first[side] = w.b
			}
		}
		firsts = append(firsts, first)
	}
	for i, first := range firsts {
		client, server := first[fromClient], first[fromServer]
		if !Answers(client, server) || !Answers(inRecords(0x0301, client[headerLen:], 40), inRecords(0x0303, server[headerLen:recordLen(server)], 3)) {
			t.Errorf("%d: no answer", i)
		}
		if Answers(server, client) || Answers(client, client) || Answers(server, server) {
			t.Errorf("%d: who answers whom is not told", i)
		}
		if other := firsts[1-i]; Answers(client, other[fromServer]) {
			t.Errorf("%d: the answer has a suite that was not offered", i)
		}
		for n := range client {
			Answers(client[:n], server[:min(n, len(server))])
		}
		if Answers(client[:40], server) || Answers(client, server[:40]) {
			t.Errorf("%d: cut before the suites", i)
		}
	}
}
