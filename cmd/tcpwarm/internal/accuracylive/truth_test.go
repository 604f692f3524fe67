package main

import (
	"net/netip"
	"strings"
	"testing"
)

// A row's line has the window of the socket's next row beside its own, whatever other sockets do between,
// and ACKs without content are left out.
func TestTruth(t *testing.T) {
	server, client := netip.MustParseAddrPort("10.0.0.2:80"), netip.MustParseAddrPort("10.0.0.1:5000")
	other := netip.MustParseAddrPort("10.0.0.1:5001")
	make := func(event byte, dst netip.AddrPort, window, nxt uint64) row {
		r := row{at: 1_700_000_000_123_456_789, event: event, src: server, dst: dst, state: stateEstablished, x1: 66}
		r.value[cwnd], r.value[sndNxt], r.value[srtt], r.value[rto] = window, nxt, 8*40_000, 60
		return r
	}
	syn := row{event: eventSend, src: client, dst: server, state: stateSynSent}
	syn.value[rto] = 300 // jiffies in a second
	rows := []row{
		syn,
		make(eventReceive, client, 10, 1000),
		make(eventReceive, other, 77, 1000),
		make(eventWrite, client, 10, 1000),
		make(eventSend, client, 11, 1000), // without content
		make(eventSend, client, 12, 1000),
		make(eventReceive, client, 12, 2000),
	}
	rows[1].value[ssthresh] = 1<<31 - 1
	var b strings.Builder
	if err := writeTruth(&b, rows, "server", server.Addr(), false); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	if len(lines) != 6 {
		t.Fatalf("%d lines:\n%s", len(lines), b.String())
	}
	names, first := strings.Split(lines[0], ","), strings.Split(lines[1], ",")
	if len(names) != len(first) {
		t.Fatalf("%d names, %d values", len(names), len(first))
	}
	got := map[string]string{}
	for i, name := range names {
		got[name] = first[i]
	}
	for name, want := range map[string]string{
		"t_epoch": "1700000000.123456", "ev": "P", "src": "10.0.0.2", "dport": "5000", "cwnd": "10", "cwnd_post": "11",
		"ssthresh": "2147483647", "srtt_us": "40000", "rto_ms": "200", "bbr_mode": "7", "snd_nxt": "1000", "x1": "66",
	} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
	if !strings.Contains(lines[2], ",77,77,") {
		t.Errorf("another socket's window after the event: %s", lines[2])
	}
	if strings.Contains(b.String(), ",11,12,") {
		t.Errorf("an ACK without content:\n%s", b.String())
	}
}

// A value is read where it is, also one of some bits.
func TestField(t *testing.T) {
	b := []byte{0, 0b1010_1100, 0x34, 0x12, 0, 0}
	for _, c := range []struct {
		field
		want uint64
	}{{field{8, 3}, 4}, {field{11, 5}, 0b10101}, {field{16, 16}, 0x1234}, {field{40, 8}, 0}} {
		if got := c.read(b); got != c.want {
			t.Errorf("%+v: %d, want %d", c.field, got, c.want)
		}
	}
}
