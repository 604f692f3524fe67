package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"tcpwarm/analyze"
	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/verdict"
	"tcpwarm/capture"
)

// How all stands is told while packets come, and in the end it is what the report says; the line on a terminal is
// replaced, and gone before something else is written.
func TestStandingComesToTheReport(t *testing.T) {
	for name, of := range map[string]func(*pool.Pool) bool{
		"all": nil, "none": func(*pool.Pool) bool { return false },
	} {
		src, err := capture.Open("../../pcaps/axios/axios-each.pcap")
		if err != nil {
			t.Fatal(err)
		}
		var lines, status bytes.Buffer
		s := newStatusLine(new(meter), &status, &lines, time.Nanosecond, of)
		if s.status != nil {
			t.Fatal("what is no terminal has a status")
		}
		s.status = &status
		s.meter.packets.Store(12)
		r, err := analyze.Run(t.Context(), src, analyze.Options{Standing: func(j *pool.Judge, found verdict.Counts) {
			s.nextStatus, s.nextLine = time.Time{}, time.Time{}
			s.look(j, found)
		}})
		src.Close()
		if err != nil {
			t.Fatal(err)
		}
		all := strings.Split(strings.TrimSpace(lines.String()), "\n")
		last, want := all[len(all)-1], "10 requests on 10 connections, 9 too many   12 packets ("
		if name == "none" {
			want = "no request so far   12 packets ("
		}
		if len(all) < 2 || !strings.Contains(last, want) {
			t.Errorf("%s: %d lines, the last %q; %+v", name, len(all), last, r.Totals)
		}
		told := status.String()
		if drawn := told[strings.LastIndex(told, "\r"):]; !strings.HasPrefix(strings.TrimSpace(drawn), want[:20]) || s.shown > 79 {
			t.Errorf("%s: status %q of %d columns", name, drawn, s.shown)
		}
		s.clear()
		if rest := strings.TrimPrefix(status.String(), told); strings.TrimSpace(rest) != "" || !strings.HasSuffix(rest, " \r") {
			t.Errorf("%s: cleared by %q", name, rest)
		}
	}
}
