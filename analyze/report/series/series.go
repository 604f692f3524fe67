// Package series writes how congestion windows grow, as CSV.
package series

import (
	"bufio"
	"fmt"
	"io"
	"net/netip"
	"time"

	"tcpwarm/analyze/report"
	"tcpwarm/analyze/tcp"
	"tcpwarm/capture/segment"
)

// A Writer writes a line whenever an estimate, its bounds, its phase or what limits it
// changes, and for each event.
type Writer struct {
	w   *bufio.Writer
	err error
}

const head = "time_epoch_s,connection,src,sport,dst,dport,event,cwnd_bytes,cwnd_low_bytes,cwnd_high_bytes," +
	"basis,phase,limited_by,flight_bytes,rtt_s,rwnd_bytes,ssthresh_bytes,algorithm,delivery_rate_bytes_per_s\n"

// NewWriter returns a Writer to w, and writes the names of the columns.
func NewWriter(w io.Writer) *Writer {
	s := Continue(w)
	_, s.err = s.w.WriteString(head)
	return s
}

// Continue returns a Writer to w, in which the names of the columns stand already.
func Continue(w io.Writer) *Writer { return &Writer{w: bufio.NewWriterSize(w, 1<<16)} }

// Write writes the samples of one direction of a connection, which has a number. Data goes
// from one endpoint to the other.
func (s *Writer) Write(connection int64, from, to segment.Endpoint, samples []tcp.Sample) {
	for i := range samples {
		l := &samples[i]
		if s.err != nil {
			return
		}
		e := &l.Estimate
		fmt.Fprintf(s.w, "%d.%09d,%d,%s,%d,%s,%d,%s,", int64(l.At)/1e9, int64(l.At)%1e9,
			connection, from.Addr, from.Port, to.Addr, to.Port, l.Event)
		for _, n := range [3]int{e.Best, e.Low, e.High} {
			if n > 0 {
				fmt.Fprintf(s.w, "%d", n)
			}
			s.w.WriteByte(',')
		}
		if l.Event == "window" {
			fmt.Fprintf(s.w, "%s,%s,%s,%d,", e.Basis, e.Phase, e.Limit, e.Pipe)
		} else {
			s.w.WriteString(",,,,")
		}
		if l.RTT > 0 {
			fmt.Fprintf(s.w, "%.6f", l.RTT)
		}
		s.w.WriteByte(',')
		if l.Offered >= 0 {
			fmt.Fprintf(s.w, "%d", l.Offered)
		}
		_, s.err = s.w.WriteString(",,,\n") // only a kernel says what belongs there
	}
}

// WriteKernel writes what the kernel said of the window of one direction of a connection: lines of
// their own, whose event and basis is kernel. The last three columns are theirs alone.
func (s *Writer) WriteKernel(connection int64, from, to netip.AddrPort, samples []report.KernelSample) {
	for i := range samples {
		if s.err != nil {
			return
		}
		k := &samples[i]
		threshold := ""
		if k.Threshold > 0 {
			threshold = fmt.Sprint(k.Threshold)
		}
		_, s.err = fmt.Fprintf(s.w, "%d.%09d,%d,%s,%d,%s,%d,kernel,%d,,,%s,%s,,%d,%.6f,%d,%s,%s,%d\n", int64(k.At)/1e9, int64(k.At)%1e9,
			connection, from.Addr(), from.Port(), to.Addr(), to.Port(), k.Window, report.Kernel, k.Phase, k.InFlight,
			time.Duration(k.RTT).Seconds(), k.Offered, threshold, k.Algorithm, k.Rate)
	}
}

// Close writes what is left and returns the first error there was.
func (s *Writer) Close() error {
	if err := s.w.Flush(); s.err == nil {
		s.err = err
	}
	return s.err
}
