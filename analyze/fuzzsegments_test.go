package analyze

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"testing"

	"tcpwarm/analyze/redact"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/jsonreport"
	"tcpwarm/pcaps/script"
)

// Whatever the segments of a few connections are, wherever in the sequence space they lie,
// their flags and clocks, the whole analysis gives a report of which checkInvariants holds.
func FuzzSegments(f *testing.F) {
	f.Add([]byte{0, 2, 0, 5, 4, 18, 0, 20, 0, 16, 0, 10, 0, 24, 64, 20, 4, 24, 65, 20, 0, 17, 0, 9, 4, 17, 0, 9, 0, 16, 0, 9})
	f.Add([]byte("\x00\x02\x00\x05\x18\x10\x40\x84\x7f\xff\xff\xf0\x08\x10\x56\x84\x01"))
	f.Fuzz(func(t *testing.T, b []byte) {
		list := script.Arbitrary(b)
		checkInvariants(t, func(size int) Source { return &segments{list: slices.Clone(list), size: size} }, func(redacted []byte) {
			for _, secret := range []string{".example", "10.0.0.", "10.0.1.", "10.1.1."} {
				if bytes.Contains(redacted, []byte(secret)) {
					t.Errorf("--redact tells %s:\n%s", secret, redacted)
				}
			}
		})
	})
}

// checkInvariants holds what must be true of the reports of any capture, which open opens anew to be
// read in batches of a size: the sums agree, it is the same however many workers there are, and
// so it is redacted and where next to no memory is permitted.
func checkInvariants(t *testing.T, open func(size int) Source, checkRedacted func(report []byte)) {
	var last *report.Report
	run := func(workers int, o Options) []byte {
		o.Workers, o.Series = workers, io.Discard
		o.Limits.KeptTransactions = 64 * 4
		size := 7
		if o.Limits.Memory == 0 { // it is measured after each batch
			size = 1 + 6*workers
		}
		src := open(size)
		if src == nil {
			return nil
		}
		r, err := Run(context.Background(), src, o)
		var fault *Fault
		if errors.As(err, &fault) {
			t.Fatal(err)
		}
		checkSums(t, r)
		checkTotals(t, r)
		var out bytes.Buffer
		if err := jsonreport.Write(&out, r); err != nil {
			t.Fatal(err)
		}
		last = r
		return out.Bytes()
	}
	same := func(what string, o Options, more ...int) []byte {
		first := run(1, o)
		for _, workers := range more {
			if got := run(workers, o); !bytes.Equal(got, first) {
				t.Errorf("%s: one worker gives\n%s\n%d give\n%s", what, first, workers, got)
			}
		}
		return first
	}
	if same("plain", Options{}, 2, 7) == nil {
		return
	}
	plain := last
	checkRedacted(same("redacted", Options{Redact: redact.New()}, 2))
	if r := last; r.Verdict != plain.Verdict || r.Totals.Used != plain.Totals.Used || r.Totals.Avoidable != plain.Totals.Avoidable {
		t.Errorf("redacted: %s, %d used, %d avoidable; plain: %s, %d, %d", r.Verdict, r.Totals.Used, r.Totals.Avoidable,
			plain.Verdict, plain.Totals.Used, plain.Totals.Avoidable)
	}
	same("1 MiB", Options{Limits: Limits{Memory: 1 << 20}}, 7)
	same("1 kB", Options{Limits: Limits{Memory: 1000}}, 2)
}

// checkTotals holds what must be true of every report's totals.
func checkTotals(t *testing.T, r *report.Report) {
	s := &r.Totals
	var needed, avoidable int64
	for c, n := range s.Causes {
		if c.Avoidable() {
			avoidable += n
		} else {
			needed += n
		}
	}
	if s.Used != s.Needed+s.Avoidable || s.Connections != s.Used+s.Unused || needed != s.Needed || avoidable != s.Avoidable {
		t.Errorf("connections %d, used %d, unused %d, needed %d, avoidable %d, causes %v", s.Connections, s.Used, s.Unused, s.Needed, s.Avoidable, s.Causes)
	}
}
