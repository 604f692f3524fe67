package main

import (
	"testing"
	"time"

	"tcpwarm/analyze/report"
	"tcpwarm/capture/segment"
	"tcpwarm/capture/sockdiag"
)

const atMS = segment.Time(time.Millisecond)

// answered is what a socket says in the millisecond at: a window of ten times that of segments of
// 1000 bytes, nothing in flight, data sent at a millisecond before.
func answered(at, sentAt int) sockdiag.Answer {
	return sockdiag.Answer{From: segment.Time(at) * atMS, Until: segment.Time(at) * atMS, Window: 10 * at, MSS: 1000,
		SinceSent: time.Duration(at-sentAt) * time.Millisecond, RTO: 250 * time.Millisecond, MinRTT: 40 * time.Millisecond}
}

// transactionAt is a GET asked and answered at milliseconds, whose content takes until another.
func transactionAt(start, first, last int) *report.Transaction {
	duration, receive := report.Seconds(time.Duration(last-start)*time.Millisecond), report.Seconds(time.Duration(last-first)*time.Millisecond)
	return &report.Transaction{Start: report.Instant(start) * report.Instant(atMS), Duration: &duration, Receive: &receive,
		RequestBytes: 100, ResponseBytes: 100_000, Complete: true}
}

// The kernel's word counts for a request's start only where nothing can have changed the window
// between the two.
func TestKernelStart(t *testing.T) {
	busy := func(a sockdiag.Answer) sockdiag.Answer { a.InFlight = 3; return a }
	long := func(a sockdiag.Answer) sockdiag.Answer { a.Until += 30 * atMS; return a }
	before, after := transactionAt(100, 110, 200), transactionAt(900, 910, 990)
	for _, x := range []struct {
		claim     string
		t         *report.Transaction
		others    []*report.Transaction
		answers   []sockdiag.Answer
		algorithm string
		tls       bool
		want      int // millisecond of the answer that counts, 0: none
	}{
		{claim: "asked in the pause before", t: transactionAt(300, 320, 400), others: []*report.Transaction{before, after},
			answers: []sockdiag.Answer{answered(150, 150), answered(250, 190), answered(380, 380)}, want: 250},
		{claim: "something was in flight then", t: transactionAt(300, 320, 400), others: []*report.Transaction{before},
			answers: []sockdiag.Answer{busy(answered(250, 190))}},
		{claim: "the response before still went on then", t: transactionAt(300, 320, 400), others: []*report.Transaction{before},
			answers: []sockdiag.Answer{answered(199, 199)}},
		{claim: "idle for an RTO since it was asked", t: transactionAt(500, 520, 600), others: []*report.Transaction{before},
			answers: []sockdiag.Answer{answered(250, 190)}},
		{claim: "idle for a jiffy less than an RTO: nobody can say", t: transactionAt(400, 436, 600), others: []*report.Transaction{before},
			answers: []sockdiag.Answer{answered(250, 190)}},
		{claim: "BBR's window is not lost by idling", t: transactionAt(500, 520, 600), others: []*report.Transaction{before},
			answers: []sockdiag.Answer{answered(250, 190)}, algorithm: "bbr", want: 250},
		{claim: "asked while the first flight was on its way", t: transactionAt(500, 520, 600), others: []*report.Transaction{before, after},
			answers: []sockdiag.Answer{answered(250, 190), busy(answered(530, 520)), busy(answered(590, 580))}, want: 530},
		{claim: "the first ACK may have come before the answer was given", t: transactionAt(500, 520, 600), others: []*report.Transaction{before},
			answers: []sockdiag.Answer{long(busy(answered(535, 520)))}},
		{claim: "another response is being sent", t: transactionAt(500, 520, 600), others: []*report.Transaction{transactionAt(450, 460, 700)},
			answers: []sockdiag.Answer{busy(answered(530, 520)), answered(440, 400)}},
		{claim: "another response never ended", t: transactionAt(500, 520, 600), others: []*report.Transaction{{Start: before.Start}},
			answers: []sockdiag.Answer{busy(answered(530, 520))}},
		{claim: "the first on a connection, whose server took its time", t: transactionAt(100, 180, 200),
			answers: []sockdiag.Answer{answered(150, 140)}, want: 150},
		{claim: "before the request a TLS handshake was sent", t: transactionAt(100, 180, 200), tls: true,
			answers: []sockdiag.Answer{answered(90, 80)}},
		{claim: "after it, nothing", t: transactionAt(100, 180, 200), tls: true,
			answers: []sockdiag.Answer{answered(90, 80), answered(150, 98)}, want: 150},
		{claim: "a response without an end", t: &report.Transaction{Start: before.Start}, answers: []sockdiag.Answer{answered(90, 80)}},
	} {
		c := &report.Connection{Start: 50 * report.Instant(atMS), End: 1000 * report.Instant(atMS)}
		if x.tls {
			c.TLS = &report.TLS{}
		}
		got := kernelStart(c, x.t, append(x.others, x.t), x.answers, x.algorithm)
		switch {
		case got == nil && x.want == 0:
		case got == nil || x.want == 0:
			t.Errorf("%s: got %+v, want the answer of %d", x.claim, got, x.want)
		case got.Best != int64(x.want)*10_000 || got.Low != got.Best || got.High != got.Best || got.Basis != report.Kernel:
			t.Errorf("%s: got %+v, want the answer of %d", x.claim, got, x.want)
		}
	}
}

// An upload's content is the request: its window is the client's, at the request's first byte.
func TestKernelStartOfAnUpload(t *testing.T) {
	c := &report.Connection{End: 1000 * report.Instant(atMS)}
	up := transactionAt(300, 600, 601)
	up.RequestBytes = 1_000_000
	if contentHalf(c, up) != &c.ClientToServer {
		t.Error("the content of an upload is not its request")
	}
	got := kernelStart(c, up, []*report.Transaction{up}, []sockdiag.Answer{answered(290, 280), answered(590, 590)}, "")
	if got == nil || got.Best != 2_900_000 {
		t.Errorf("got %+v, want the answer of 290", got)
	}
}

func TestKernelWindow(t *testing.T) {
	a, b, c := answered(1, 1), answered(5, 5), answered(3, 3)
	c.Threshold, c.Rate = 40, 1_000_000
	w := kernelWindow([]sockdiag.Answer{a, b, c}, "cubic")
	if w.First != 10_000 || w.Min != 10_000 || w.Max != 50_000 || w.Last != 30_000 || *w.Threshold != 40_000 || w.Answers != 3 ||
		w.Algorithm != "cubic" || w.DeliveryRate != 1_000_000 || w.RTT != nil || *w.MinRTT != report.Seconds(40*time.Millisecond) {
		t.Errorf("%+v", w)
	}
	if w = kernelWindow([]sockdiag.Answer{a}, ""); w.Threshold != nil {
		t.Errorf("%+v: a threshold that the kernel does not have yet", w)
	}
}

// What was answered for a socket before its connection began, or long after it ended, is of
// another with the same addresses, or of none.
func TestAnswersDuringAConnection(t *testing.T) {
	c := &report.Connection{Start: 100 * report.Instant(atMS), End: 200 * report.Instant(atMS)}
	got := during([]sockdiag.Answer{answered(99, 99), answered(100, 100), answered(250, 250), answered(301, 301)}, c)
	if len(got) != 2 || got[0].Window != 1000 || got[1].Window != 2500 {
		t.Errorf("%+v", got)
	}
}
