package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"net/netip"
	"strings"
)

// A row is what the kernel held of a TCP socket at an event.
type row struct {
	at       int64 // ns since 1970
	event    byte
	x1, x2   uint32
	src, dst netip.AddrPort
	state    uint64 // of the connection: TCP_ESTABLISHED ...
	value    [valueCount]uint64
}

// The values of struct tcp_sock that are recorded, in the order of truth.csv.gz.
const (
	caState = iota
	cwnd
	ssthresh
	mss
	packetsOut
	sackedOut
	lostOut
	retransOut
	sndUna
	sndNxt
	writeSeq
	sndWnd
	rcvWnd
	srtt
	rttMin
	rto
	cwndLimited
	maxPacketsOut
	appLimited
	chrono
	delivered
	pacing
	bbrMode
	sndbuf
	highSeq
	priorCwnd
	reordering
	valueCount
)

const header = "t_epoch,ev,side,src,sport,dst,dport,ca_state,cwnd,cwnd_post,ssthresh,mss,packets_out,sacked_out," +
	"lost_out,retrans_out,snd_una,snd_nxt,write_seq,snd_wnd,rcv_wnd,srtt_us,rttmin_us,rto_ms,is_cwnd_limited,max_packets_out," +
	"app_limited,chrono,delivered,pacing_Bps,bbr_mode,sndbuf,high_seq,prior_cwnd,reordering,x1,x2\n"

// Events: an ACK or data arrived, not yet processed; a packet was handed to the device; one was sent
// again; the state of congestion is about to change; the application writes.
const (
	eventReceive = 'P'
	eventSend    = 'X'
	eventResend  = 'R'
	eventState   = 'S'
	eventWrite   = 'D'
)

// What struct tcp_sock has of a row's values, and where (include/linux/tcp.h, net/sock.h,
// net/inet_connection_sock.h). BBR's mode is in the private part of the connection.
var paths = [valueCount]string{
	caState: "inet_conn.icsk_ca_state", cwnd: "snd_cwnd", ssthresh: "snd_ssthresh", mss: "mss_cache",
	packetsOut: "packets_out", sackedOut: "sacked_out", lostOut: "lost_out", retransOut: "retrans_out",
	sndUna: "snd_una", sndNxt: "snd_nxt", writeSeq: "write_seq", sndWnd: "snd_wnd", rcvWnd: "rcv_wnd",
	srtt: "srtt_us", rttMin: "rtt_min.s", rto: "inet_conn.icsk_rto", cwndLimited: "is_cwnd_limited",
	maxPacketsOut: "max_packets_out", appLimited: "app_limited", chrono: "chrono_type", delivered: "delivered",
	pacing: "inet_conn.icsk_inet.sk.sk_pacing_rate", bbrMode: "inet_conn.icsk_ca_priv",
	sndbuf: "inet_conn.icsk_inet.sk.sk_sndbuf", highSeq: "high_seq", priorCwnd: "prior_cwnd", reordering: "reordering",
}

// States of a connection (include/net/tcp_states.h): those before and without it have no window yet.
const (
	stateEstablished = 1
	stateSynSent     = 2
	stateFinWait1    = 4
	stateFinWait2    = 5
	stateCloseWait   = 8
	stateLastAck     = 9
	stateClosing     = 11
)

func (r *row) connected() bool {
	switch r.state {
	case stateEstablished, stateFinWait1, stateFinWait2, stateCloseWait, stateLastAck, stateClosing:
		return true
	}
	return false
}

// writeTruth writes what the rows say of the half of each connection that src sends.
func writeTruth(w io.Writer, rows []row, side string, src netip.Addr, bbr bool) error {
	// The first timeout of a new connection is a second (RFC 6298; TCP_TIMEOUT_INIT), in the kernel's
	// jiffies: that is how many it counts in a second.
	jiffies := uint64(250)
	type half struct{ src, dst netip.AddrPort }
	by := map[half][]int{}
	for i := range rows {
		switch r := &rows[i]; {
		case r.state == stateSynSent && r.event == eventSend && r.value[rto] > 0:
			jiffies = r.value[rto]
		case r.connected() && r.src.Addr() == src:
			by[half{r.src, r.dst}] = append(by[half{r.src, r.dst}], i)
		}
	}
	post := make([]uint64, len(rows))
	keep := make([]bool, len(rows))
	for _, list := range by {
		for n, i := range list {
			post[i] = rows[i].value[cwnd]
			for _, later := range list[n+1:] {
				if e := rows[later].event; e == eventReceive || e == eventSend || e == eventResend {
					post[i] = rows[later].value[cwnd]
					break
				}
			}
			keep[i] = n+1 == len(list) || !pureACK(&rows[i], &rows[list[n+1]])
		}
	}
	if _, err := io.WriteString(w, header); err != nil {
		return err
	}
	for i := range rows {
		if keep[i] {
			if _, err := io.WriteString(w, rows[i].line(side, post[i], jiffies, bbr)); err != nil {
				return err
			}
		}
	}
	return nil
}

// largestACK is an IPv6 packet on Ethernet with a full TCP header and nothing in it.
const largestACK = 14 + 40 + 60

// pureACK says that r sends a packet without content: no new data, as the socket's next row shows,
// and none again.
func pureACK(r, next *row) bool {
	return r.event == eventSend && r.x1 <= largestACK &&
		r.value[sndNxt] == next.value[sndNxt] && next.event != eventResend
}

func (r *row) line(side string, post, jiffies uint64, bbr bool) string {
	v := r.value
	v[srtt] >>= 3 // the kernel holds eight times the value
	v[rto] = v[rto] * 1000 / jiffies
	v[bbrMode] &= 7
	if !bbr {
		v[bbrMode] = 7
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d.%06d,%c,%s,%s,%d,%s,%d", r.at/1e9, r.at%1e9/1e3, r.event, side,
		r.src.Addr(), r.src.Port(), r.dst.Addr(), r.dst.Port())
	for i, x := range v {
		fmt.Fprintf(&b, ",%d", x)
		if i == cwnd {
			fmt.Fprintf(&b, ",%d", post)
		}
	}
	fmt.Fprintf(&b, ",%d,%d\n", r.x1, r.x2)
	return b.String()
}

// A field is where a value is in a struct, in bits.
type field struct{ at, size int }

func (f field) read(b []byte) uint64 {
	var whole [8]byte
	copy(whole[:], b[f.at/8:])
	v := binary.NativeEndian.Uint64(whole[:]) >> (f.at % 8)
	if f.size < 64 {
		v &= 1<<f.size - 1
	}
	return v
}
