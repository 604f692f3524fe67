package script

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"tcpwarm/capture/segment"
)

// flagLetters are the letters of the control bits, from the lowest.
const flagLetters = "FSRP.UEC"

// maxOffset bounds relative sequence numbers: no script is longer.
const maxOffset = 1 << 50

// packet reads what follows "time": "dir flags range {word}".
func (p *parser) packet(conn int, missing bool, at string) error {
	pk := &Packet{Missing: missing, TTL: 64}
	var err error
	if pk.At, err = p.time(at); err != nil {
		return err
	}
	st := Step{Line: p.line, Conn: conn, Pack: pk}
	if st.Dir, err = p.dir(); err != nil {
		return err
	}
	if pk.Flags, err = flags(p.field()); err != nil {
		return err
	}
	own, peer := &p.senders[conn][st.Dir], &p.senders[conn][1-st.Dir]
	pk.Window = own.window
	length, err := pk.place(p.field(), own)
	if err != nil {
		return err
	}
	p.forged = false
	if length, err = p.words(pk, peer, length); err != nil {
		return err
	}
	pk.Len = int(length)
	if n := p.script.headers(&pk.Options) - etherHeader + pk.Len; n > maxPacket {
		return fmt.Errorf("a packet of %d bytes; at most %d", n, maxPacket)
	}
	p.script.Steps = append(p.script.Steps, st)
	if p.forged {
		return nil
	}
	end := pk.Start + length
	if pk.Flags.Has(segment.SYN) {
		end++
	}
	if pk.Flags.Has(segment.FIN) {
		end++
	}
	if !own.sent || end > own.next {
		own.next = end
	}
	own.sent, own.window = true, pk.Window
	return nil
}

// time reads when: seconds, or "+" or "-" and seconds from the line before.
func (p *parser) time(s string) (time.Duration, error) {
	last, plain := p.last, strings.TrimPrefix(strings.TrimPrefix(s, "+"), "-")
	if len(s)-len(plain) > 1 {
		plain = s // "+-1"
	}
	d, err := seconds(plain)
	if err != nil {
		return 0, fmt.Errorf("%q is no time: seconds, or + and seconds after the line above", s)
	}
	switch {
	case strings.HasPrefix(s, "+"):
		d += last
	case strings.HasPrefix(s, "-"):
		d = last - d
	case d < last:
		return 0, fmt.Errorf("time goes back from %s to %s", last, d)
	}
	if d > maxTime || d < -maxTime {
		return 0, fmt.Errorf("time %s is too far off", d)
	}
	p.last = d
	return d, nil
}

const maxTime = 10 * 365 * 24 * time.Hour

// seconds reads a decimal number of seconds to the nanosecond.
func seconds(s string) (time.Duration, error) {
	whole, frac, _ := strings.Cut(s, ".")
	if len(frac) > 9 || whole+frac == "" || len(whole) > 9 {
		return 0, strconv.ErrSyntax
	}
	if whole == "" {
		whole = "0"
	}
	n, err := strconv.ParseUint(whole+frac+"000000000"[len(frac):], 10, 63)
	return time.Duration(n), err
}

func flags(s string) (f segment.Flags, err error) {
	if s == "-" {
		return 0, nil
	}
	if s == "" {
		return 0, errors.New("no flags")
	}
	for _, r := range s {
		i := strings.IndexRune(flagLetters, r)
		if i < 0 {
			return 0, fmt.Errorf("%q is no flags: letters of SFRPUEC, . for ACK, - for none", s)
		}
		f |= 1 << i
	}
	return f, nil
}

// place reads a range: "start:end(length)", "+(length)", or "+", whose length
// is not known yet and returned as -1.
func (pk *Packet) place(s string, own *sender) (length int64, err error) {
	if strings.HasPrefix(s, "+") {
		pk.Start = own.next
		if pk.Flags.Has(segment.SYN) && !own.sent {
			pk.Start = 0
		}
		if s == "+" {
			return -1, nil
		}
		inner, ok := strings.CutPrefix(s, "+(")
		inner, ok2 := strings.CutSuffix(inner, ")")
		if !ok || !ok2 {
			return 0, fmt.Errorf("%q is no range", s)
		}
		return number(inner, 0, maxPacket)
	}
	a, rest, ok1 := strings.Cut(s, ":")
	b, rest, ok2 := strings.Cut(rest, "(")
	l, rest, ok3 := strings.Cut(rest, ")")
	if !ok1 || !ok2 || !ok3 || rest != "" {
		return 0, fmt.Errorf("%q is no range start:end(length)", s)
	}
	if pk.Start, err = number(a, -maxOffset, maxOffset); err != nil {
		return 0, err
	}
	end, err := number(b, -maxOffset, maxOffset)
	if err != nil {
		return 0, err
	}
	if length, err = number(l, 0, maxPacket); err != nil {
		return 0, err
	}
	if end-pk.Start != length {
		return 0, fmt.Errorf("%s: from %d to %d are %d bytes, not %d", s, pk.Start, end, end-pk.Start, length)
	}
	return length, nil
}

// words reads what follows the range, and returns the payload's length: that of
// the range unless it is negative.
func (p *parser) words(pk *Packet, peer *sender, length int64) (int64, error) {
	var acked, stated, begins bool
	for {
		p.rest = strings.TrimLeft(p.rest, " \t")
		if strings.HasPrefix(p.rest, "<") {
			inner, rest, ok := strings.Cut(p.rest[1:], ">")
			if !ok {
				return 0, errors.New("no > ends the options")
			}
			p.rest = rest
			if err := options(&pk.Options, inner); err != nil {
				return 0, err
			}
			continue
		}
		f := p.field()
		if f == "" {
			break
		}
		var n int64
		var err error
		switch {
		case f == "ack":
			acked = true
			pk.Ack, err = p.ack(peer)
		case f == "win":
			n, err = number(p.field(), 0, math.MaxUint16)
			pk.Window = uint16(n)
		case f == "ttl":
			n, err = number(p.field(), 0, math.MaxUint8)
			pk.TTL = uint8(n)
		case f == "id" && p.script.IP6:
			err = errors.New("IPv6 has none")
		case f == "id":
			n, err = number(p.field(), 0, math.MaxUint16)
			pk.ID, pk.HasID = uint16(n), true
		case f == "forged":
			p.forged = true
		case f == "badsum":
			pk.BadSum = true
		case f == "ce":
			pk.CE = true
		case f == "...":
			begins = true
		case f[0] == '"' || f[0] == '@':
			if stated {
				return 0, errors.New("a second payload")
			}
			stated = true
			pk.Payload, err = p.payload(f)
		default:
			return 0, fmt.Errorf("unknown word %s", f)
		}
		if err != nil {
			return 0, fmt.Errorf("%s: %w", f, err)
		}
	}
	if has := pk.Flags.Has(segment.ACK); has != acked {
		if has {
			return 0, errors.New("flag . and no ack word")
		}
		return 0, errors.New("ack without its flag, a dot")
	}
	switch n := int64(len(pk.Payload)); {
	case length < 0:
		return n, nil
	case n > length, stated && n < length && !begins:
		return 0, fmt.Errorf("the payload has %d bytes, the range %d", n, length)
	}
	return length, nil
}

func (p *parser) ack(peer *sender) (int64, error) {
	f := p.field()
	if f == "+" {
		return peer.next, nil
	}
	return number(f, -maxOffset, maxOffset)
}

// payload returns what f states: quoted bytes or a file of the archive.
func (p *parser) payload(f string) ([]byte, error) {
	if f[0] == '"' {
		s, err := unquote(f)
		return []byte(s), err
	}
	name, crlf := strings.CutPrefix(f[1:], "@")
	if p.archive == nil {
		return nil, errors.New("the script is in no archive")
	}
	for _, file := range p.archive.Files {
		if file.Name == name {
			if crlf {
				return bytes.ReplaceAll(file.Data, []byte("\n"), []byte("\r\n")), nil
			}
			return file.Data, nil
		}
	}
	return nil, errors.New("no such file in the archive")
}

func unquote(s string) (string, error) {
	t, err := strconv.Unquote(s)
	if err != nil {
		return "", fmt.Errorf("%s is not quoted as in Go", s)
	}
	return t, nil
}

// number reads a decimal from least to most.
func number(s string, least, most int64) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is no number", s)
	}
	if n < least || n > most {
		return 0, fmt.Errorf("%d is not in %d to %d", n, least, most)
	}
	return n, nil
}
