//go:build unix

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"tcpwarm/capture"
	"tcpwarm/capture/segment"
	"tcpwarm/pcaps/scenario"
	"tcpwarm/pcaps/script"
)

// A port is a scenario's only while its server listens: what came before, and what comes later, may
// be another program's.
func TestScenarioPackets(t *testing.T) {
	authority, err := scenario.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	one, _ := scenario.Lookup("one-after-another")
	server, err := scenario.Start(one, authority)
	if err != nil {
		t.Fatal(err)
	}
	server.Stop()
	from, to := server.Ran()
	for _, c := range []struct {
		port   int
		at     time.Time
		others bool
	}{
		{server.Port(), from.Add(-time.Millisecond), true},
		{server.Port(), from, false},
		{server.Port(), to.Add(-time.Millisecond), false},
		{server.Port(), to, true},
		{server.Port() ^ 1, from, true},
	} {
		s, err := script.Parse(fmt.Sprintf("conn a 127.0.0.1:9 127.0.0.1:%d\na: 0 > S 0:0(0) <mss 1460>\n", c.port))
		if err != nil {
			t.Fatal(err)
		}
		s = s.Shift(segment.Time(c.at.UnixNano()).Sub(s.Segments()[0].Time))
		var pcap bytes.Buffer
		if err := s.WritePcap(&pcap); err != nil {
			t.Fatal(err)
		}
		all, err := capture.OpenReader("packets", &pcap)
		if err != nil {
			t.Fatal(err)
		}
		if err := scenarioPackets(all, server); err != nil {
			t.Fatal(err)
		}
		var b segment.Batch
		if err := all.Fill(&b); err != nil && !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		if (len(b.Segments) == 0) != c.others {
			t.Errorf("port %d, %v after the begin: %d segments", c.port, c.at.Sub(from), len(b.Segments))
		}
	}
}
