package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/comments"
	"tcpwarm/capture"
	"tcpwarm/capture/outfile"
)

// pcapngKind is the report that is the packets again, with comments. What they say is known only when all
// packets have been read, so they are read a second time for it.
const pcapngKind = "pcapng"

// wants reports whether a report of a kind is asked for. The reports have been checked.
func (o *output) wants(kind string) bool {
	is := func(where string) bool { return strings.HasPrefix(where, kind+"=") }
	return o.format.value == kind || slices.ContainsFunc(o.reports, is)
}

// checkPackets refuses the packets again where they would say too much, and reports of kept connections where
// none are kept.
func (o *output) checkPackets() error {
	if o.redact && o.wants(pcapngKind) {
		return errors.New("--report pcapng: packets cannot be redacted; leave out one of the two")
	}
	for _, kind := range o.format.files {
		if o.format.value == "ndjson" && o.wants(kind) {
			return fmt.Errorf("--report %s: NDJSON keeps no connections, which it is about; take another --format", kind)
		}
	}
	return nil
}

// readAgain has the packets of saved captures be read again, if a report wants that, and refuses what can
// be read only once.
func (o *output) readAgain(files []string) error {
	if !o.wants(pcapngKind) {
		return nil
	}
	for _, name := range files {
		if name == "-" {
			return errors.New("--report pcapng: the packets are read twice, and standard input only once; name a file")
		}
		if st, err := os.Stat(name); err == nil && !st.Mode().IsRegular() { // another error comes from whoever reads it
			return fmt.Errorf("--report pcapng: the packets are read twice, and %s is no file", name)
		}
	}
	o.again = func() (*capture.Reader, error) { return capture.OpenAllContext(context.Background(), files, nil) }
	return nil
}

// fileOptions say how the file of a report of a kind is made. The packets may go where they came from: then the
// old file is read to its end before the new one has its name. They are nobody else's to see.
func fileOptions(kind string) outfile.Options {
	if kind == pcapngKind {
		return outfile.Options{Perm: 0o600, Replace: true}
	}
	return outfile.Options{Perm: 0o666}
}

// writePackets writes the packets again that r is about, with comments on those that it rests on.
func (o *output) writePackets(w io.Writer, r *report.Report) error {
	if terminal(w) >= 0 {
		return errors.New("packets are not for a terminal; name a file")
	}
	src, err := o.again()
	if err != nil {
		return err
	}
	defer src.Close()
	c := comments.Of(r)
	o.unplaced, err = src.Annotate(w, capture.Comments{Section: c.Summary(), Packet: c.Packet, Packets: r.Capture.Packets})
	var unreadable *capture.FormatError
	if errors.As(err, &unreadable) && slices.ContainsFunc(r.Capture.Problems, func(p report.Problem) bool {
		return p.Kind == unreadable.Problem().Kind && p.FirstPacket == unreadable.Problem().FirstPacket
	}) {
		return nil // r says so
	}
	if n := src.Totals().Packets; err == nil && n != r.Capture.Packets {
		return fmt.Errorf("the capture had %d packets, and a second time %d", r.Capture.Packets, n)
	}
	return err
}
