package capture

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// Comments are what Annotate writes beside packets. All of them begin with ByTcpwarm, so that those
// of an earlier run are told from others'.
type Comments struct {
	Section string                      // about all of it
	Packet  func(packet int64) []string // of one, by its number; nothing for most
	Packets int64                       // how many packets are copied at most
}

// ByTcpwarm begins each comment that Annotate writes. A capture that it has written before loses
// those of that time.
const ByTcpwarm = "tcpwarm"

// Bounds of what is written beside a packet: an option's length has 16 bits (draft-ietf-opsawg-pcapng
// section 3.5), and a block with all of them is still one that readers take.
const (
	mostSummary  = 32_000 // bytes
	mostComment  = 4000
	mostComments = 12 // of one packet
)

// Codes of options (draft-ietf-opsawg-pcapng sections 3.5 and 4.1).
const (
	endOfOptions      = 0
	optionComment     = 1
	optionApplication = 4
)

// lengthUnknown is a section's length where nothing is said of it.
const lengthUnknown = 1<<64 - 1

// Annotate writes all that r, which must be new, holds to w as pcapng, with comments. What is pcapng
// stays as it is, block for block, but for the comments: interfaces, names, secrets and times are
// the same. What is pcap becomes a section with an interface for each kind of file. The packets' numbers
// are those that a Reader gives them. unplaced is how many packets have no room for their comments: a
// simple packet block has no options. Where r cannot be read further, what came before is written, and a
// *FormatError returned.
func (r *Reader) Annotate(w io.Writer, c Comments) (unplaced int64, err error) {
	a := annotator{r: r, w: bufio.NewWriterSize(w, readSize), comments: c}
	err = a.run()
	if werr := a.w.Flush(); werr != nil {
		err = werr
	}
	return a.unplaced, err
}

// An annotator copies captures.
type annotator struct {
	r        *Reader
	w        *bufio.Writer
	comments Comments
	unplaced int64

	begun  bool    // a section is, so the summary has been written
	format format  // of the file that was copied from last
	of     []iface // the interfaces of a section of our own
	block  []byte  // being made
}

// run copies all that there is.
func (a *annotator) run() error {
	r := a.r
	b, at, have := make([]byte, blockSize), 0, 0
	for {
		n, err := a.records(b[at:have])
		at += n
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
		have, at = copy(b, b[at:have]), 0
		if r.need > len(b) {
			b = append(b, make([]byte, r.need-len(b))...)
		}
		if n, err = r.read(b[have:]); err != nil {
			err = r.ended(err, have)
		}
		if have += n; err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// records copies the records that b holds whole, and returns how many bytes these take. It
// returns io.EOF where as many packets are copied as were asked for.
func (a *annotator) records(b []byte) (at int, err error) {
	r := a.r
	if r.format != a.format {
		if err := a.file(); err != nil {
			return 0, err
		}
	}
	for {
		n, err := r.format.record(b[at:], &r.packet)
		if err != nil {
			return at, r.fail(err)
		}
		if n > len(b)-at {
			r.need = n
			return at, nil
		}
		if !r.packet.none {
			if r.dec.totals.Packets == a.comments.Packets {
				return at, io.EOF
			}
			r.dec.totals.Packets++
		}
		if err := a.record(b[at : at+n]); err != nil {
			return at, err
		}
		at += n
		r.offset += int64(n)
	}
}

// file begins a file: one of pcap needs an interface, and before that a section where the one before
// was not of our own.
func (a *annotator) file() error {
	_, ours := a.format.(*pcap)
	a.format = a.r.format
	p, ok := a.format.(*pcap)
	if !ok {
		return nil // its first block begins a section
	}
	if !ours {
		if err := a.ownSection(); err != nil {
			return err
		}
	}
	if i := p.iface(); !slices.Contains(a.of, i) {
		a.of = append(a.of, i)
		a.begin(blockInterface, littleEndian)
		a.uint16(uint16(i.link), 0)
		a.uint32(i.snap)
		resolution := byte(6) // of microseconds
		if i.units == 1e9 {
			resolution = 9
		}
		a.option(littleEndian, optionResolution, string([]byte{resolution}))
		a.option(littleEndian, endOfOptions, "")
		return a.end(littleEndian)
	}
	return nil
}

// iface is the interface of a pcap's packets.
func (p *pcap) iface() iface { return iface{link: p.link, snap: p.snap, units: 1e9 / uint64(p.tick)} }

// ownSection begins a section for what is not pcapng.
func (a *annotator) ownSection() error {
	a.of = nil
	a.begin(blockSection, littleEndian)
	a.uint32(byteOrderMagic)
	a.uint16(1, 0) // the version
	a.block = binary.LittleEndian.AppendUint64(a.block, lengthUnknown)
	a.summary(littleEndian)
	a.option(littleEndian, optionApplication, ByTcpwarm)
	a.option(littleEndian, endOfOptions, "")
	return a.end(littleEndian)
}

// summary appends what there is to say of all of it to the first section's head, and reports whether
// it has.
func (a *annotator) summary(order endian) bool {
	if a.begun || a.comments.Section == "" {
		return false
	}
	a.begun = true
	a.comment(order, a.comments.Section, mostSummary)
	return true
}

// record copies one record.
func (a *annotator) record(b []byte) error {
	switch f := a.format.(type) {
	case *pcap:
		return a.fromPcap(f, b)
	case *pcapng:
		return a.fromPcapng(f, b)
	}
	return fmt.Errorf("%T is not copied", a.format)
}

// fromPcap makes an enhanced packet block of a record. The time stays a count of the same units.
func (a *annotator) fromPcap(f *pcap, b []byte) error {
	i := f.iface()
	t := uint64(f.order.uint32(b))*i.units + uint64(f.order.uint32(b[4:]))
	a.begin(blockEnhanced, littleEndian)
	a.uint32(uint32(slices.Index(a.of, i)))
	a.uint32(uint32(t >> 32))
	a.uint32(uint32(t))
	a.uint32(uint32(len(a.r.packet.data)))
	a.uint32(uint32(a.r.packet.orig))
	a.block = append(a.block, a.r.packet.data...)
	a.pad()
	if a.packetComments(littleEndian) {
		a.option(littleEndian, endOfOptions, "")
	}
	return a.end(littleEndian)
}

// Where the options of blocks begin, in bytes.
const (
	sectionOptions = 24
	packetOptions  = 28 // behind the padded packet
)

// fromPcapng copies a block; one that may have comments gets them before its other options.
func (a *annotator) fromPcapng(f *pcapng, b []byte) error {
	typ := f.order.uint32(b)
	rest := 0 // where its options begin, 0: it is copied as it is
	switch typ {
	case blockSection:
		rest = sectionOptions
	case blockEnhanced, blockOldPacket:
		rest = min(packetOptions+(len(a.r.packet.data)+3)&^3, len(b)-4)
	case blockSimple:
		if len(a.comments.Packet(a.r.dec.totals.Packets)) > 0 {
			a.unplaced++
		}
	}
	if rest == 0 {
		_, err := a.w.Write(b)
		return err
	}
	others := without(b[rest:len(b)-4], f.order)
	a.block = append(a.block[:0], b[:rest]...)
	var some bool
	if typ == blockSection {
		for i := sectionOptions - 8; i < sectionOptions; i++ { // its blocks become longer
			a.block[i] = 0xff
		}
		some = a.summary(f.order)
	} else {
		some = a.packetComments(f.order)
	}
	a.block = append(a.block, others...)
	if some && len(others) == 0 {
		a.option(f.order, endOfOptions, "")
	}
	if len(a.block)+4 > maxBlock { // no reader would take it
		_, err := a.w.Write(b)
		a.unplaced++
		return err
	}
	return a.end(f.order)
}

// without returns options without the comments that Annotate has written; options that are broken stay
// as they are.
func without(b []byte, order endian) []byte {
	left := b[:0:0]
	for rest := b; len(rest) >= 4; {
		code, n := order.uint16(rest), 4+(int(order.uint16(rest[2:]))+3)&^3
		if n > len(rest) {
			return b
		}
		if code == endOfOptions {
			left = append(left, rest...)
			break
		}
		if code != optionComment || !strings.HasPrefix(string(rest[4:n]), ByTcpwarm) {
			left = append(left, rest[:n]...)
		}
		rest = rest[n:]
	}
	return left
}

// packetComments appends those of the packet that was counted last, and reports whether it has any.
func (a *annotator) packetComments(order endian) bool {
	list := a.comments.Packet(a.r.dec.totals.Packets)
	for i, s := range list {
		if i == mostComments-1 && len(list) > mostComments {
			a.comment(order, fmt.Sprintf("%s: and %d more", ByTcpwarm, len(list)-i), mostComment)
			break
		}
		a.comment(order, s, mostComment)
	}
	return len(list) > 0
}

// comment appends a comment, cut where it has more than most bytes.
func (a *annotator) comment(order endian, s string, most int) {
	if len(s) > most {
		n := most
		for n > 0 && !utf8.RuneStart(s[n]) {
			n--
		}
		s = s[:n] + "…"
	}
	a.option(order, optionComment, s)
}

// option appends an option.
func (a *annotator) option(order endian, code uint16, value string) {
	a.block = order.append16(a.block, code)
	a.block = order.append16(a.block, uint16(len(value)))
	a.block = append(a.block, value...)
	a.pad()
}

// begin begins a block; its length is written by end.
func (a *annotator) begin(typ uint32, order endian) {
	a.block = order.append32(order.append32(a.block[:0], typ), 0)
}

// end writes the block.
func (a *annotator) end(order endian) error {
	n := uint32(len(a.block) + 4)
	a.block = order.append32(a.block, n)
	order.append32(a.block[:4], n)
	_, err := a.w.Write(a.block)
	return err
}

// pad makes the block's length a multiple of 4.
func (a *annotator) pad() {
	for len(a.block)%4 != 0 {
		a.block = append(a.block, 0)
	}
}

// uint32 and uint16 append numbers to a block of our own.
func (a *annotator) uint32(v uint32) { a.block = binary.LittleEndian.AppendUint32(a.block, v) }

func (a *annotator) uint16(list ...uint16) {
	for _, v := range list {
		a.block = binary.LittleEndian.AppendUint16(a.block, v)
	}
}
