package script

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"tcpwarm/capture/segment"
)

// options reads "option {, option}".
func options(o *segment.Options, s string) error {
	for one := range strings.SplitSeq(s, ",") {
		f := strings.Fields(one)
		if len(f) == 0 {
			return errors.New("an option is empty")
		}
		if err := option(o, f[0], f[1:]); err != nil {
			return fmt.Errorf("option %s: %w", f[0], err)
		}
	}
	if n := optionBytes(o); n > maxOptions {
		return fmt.Errorf("%d bytes of options; at most %d", n, maxOptions)
	}
	return nil
}

func option(o *segment.Options, name string, args []string) error {
	want := map[string]int{"mss": 1, "sackOK": 0, "wscale": 1, "sack": len(args), "TS": 2, "md5": 0}
	n, ok := want[name]
	if !ok {
		return errors.New("unknown")
	}
	if len(args) != n || name == "sack" && n == 0 {
		return fmt.Errorf("%d values", len(args))
	}
	var v int64
	var err error
	switch name {
	case "mss":
		v, err = number(args[0], 0, math.MaxUint16)
		o.MSS, o.HasMSS = uint16(v), true
	case "sackOK":
		o.SACKPermitted = true
	case "md5":
		o.Signed = true
	case "wscale":
		v, err = number(args[0], 0, 14) // RFC 7323 section 2.3
		o.WindowScale, o.HasWindowScale = uint8(v), true
	case "TS":
		o.HasTimestamps = true
		if v, err = number(args[0], 0, math.MaxUint32); err != nil {
			return err
		}
		o.TSVal = uint32(v)
		v, err = number(args[1], 0, math.MaxUint32)
		o.TSEcr = uint32(v)
	case "sack":
		err = sack(o, args)
	}
	return err
}

// sack reads blocks "start:end", from the receiver's ISN.
func sack(o *segment.Options, blocks []string) error {
	for _, b := range blocks {
		if int(o.SACKBlocks) == len(o.SACK) {
			return fmt.Errorf("more than %d blocks", len(o.SACK))
		}
		start, end, _ := strings.Cut(b, ":")
		s, err := number(start, -maxOffset, maxOffset)
		if err != nil {
			return err
		}
		e, err := number(end, -maxOffset, maxOffset)
		if err != nil {
			return err
		}
		o.SACK[o.SACKBlocks] = segment.Block{Start: segment.Seq(s), End: segment.Seq(e)}
		o.SACKBlocks++
	}
	return nil
}

// printOptions is the other way: options as a script has them, rel turning a
// sequence number of the receiver's into one from its ISN.
func printOptions(o *segment.Options, rel func(segment.Seq) int64) string {
	var all []string
	if o.HasMSS {
		all = append(all, "mss "+strconv.Itoa(int(o.MSS)))
	}
	if o.SACKPermitted {
		all = append(all, "sackOK")
	}
	if o.HasTimestamps {
		all = append(all, fmt.Sprintf("TS %d %d", o.TSVal, o.TSEcr))
	}
	if o.HasWindowScale {
		all = append(all, "wscale "+strconv.Itoa(int(o.WindowScale)))
	}
	if o.Signed {
		all = append(all, "md5")
	}
	if o.SACKBlocks > 0 {
		s := "sack"
		for _, b := range o.SACK[:o.SACKBlocks] {
			s += fmt.Sprintf(" %d:%d", rel(b.Start), rel(b.End))
		}
		all = append(all, s)
	}
	if all == nil {
		return ""
	}
	return " <" + strings.Join(all, ", ") + ">"
}

// The kinds of option (RFC 9293 section 3.2, RFC 7323, RFC 2018).
const (
	kindNOP           = 1
	kindMSS           = 2
	kindWindowScale   = 3
	kindSACKPermitted = 4
	kindSACK          = 5
	kindTimestamps    = 8
	kindMD5           = 19 // RFC 2385
)

// optionBytes returns the bytes appendOptions appends.
func optionBytes(o *segment.Options) int { return len(appendOptions(nil, o)) }

// appendOptions appends o as on the wire, padded to words of four bytes.
func appendOptions(b []byte, o *segment.Options) []byte {
	start := len(b)
	if o.HasMSS {
		b = binary.BigEndian.AppendUint16(append(b, kindMSS, 4), o.MSS)
	}
	if o.SACKPermitted {
		b = append(b, kindSACKPermitted, 2)
	}
	if o.HasTimestamps {
		b = binary.BigEndian.AppendUint32(append(b, kindTimestamps, 10), o.TSVal)
		b = binary.BigEndian.AppendUint32(b, o.TSEcr)
	}
	if o.HasWindowScale {
		b = append(b, kindWindowScale, 3, o.WindowScale)
	}
	if o.Signed {
		b = append(append(b, kindMD5, 18), make([]byte, 16)...)
	}
	if n := o.SACKBlocks; n > 0 {
		b = append(b, kindSACK, 2+8*n)
		for _, s := range o.SACK[:n] {
			b = binary.BigEndian.AppendUint32(b, uint32(s.Start))
			b = binary.BigEndian.AppendUint32(b, uint32(s.End))
		}
	}
	for (len(b)-start)%4 != 0 {
		b = append(b, kindNOP)
	}
	return b
}
