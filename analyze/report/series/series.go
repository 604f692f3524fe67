// Package series writes how congestion windows grow, as CSV.
package series

import (
	"bufio"
	"fmt"
	"io"

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
	"basis,phase,limited_by,flight_bytes,rtt_s,rwnd_bytes\n"

// NewWriter returns a Writer to w, and writes the names of the columns.
func NewWriter(w io.Writer) *Writer {
	s := &Writer{w: bufio.NewWriterSize(w, 1<<16)}
	_, s.err = s.w.WriteString(head)
	return s
}

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
		_, s.err = s.w.WriteString("\n")
	}
}

// Close writes what is left and returns the first error there was.
func (s *Writer) Close() error {
	if err := s.w.Flush(); s.err == nil {
		s.err = err
	}
	return s.err
}
