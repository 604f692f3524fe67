package tls

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// header is a record's, of n bytes.
func header(typ byte, version uint16, n int) []byte {
	return binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16([]byte{typ}, version), uint16(n))
}

// A record has one of four types, a version of TLS, and bytes, as many as are permitted (RFC 5246 section
// 6.2.1): only one of data may have none.
func TestHeaderOfARecord(t *testing.T) {
	for _, x := range []struct {
		typ     byte
		version uint16
		n       int
		want    bool
	}{
		{recordChange - 1, version12, 1, false}, {recordChange, version12, 1, true}, {RecordData, version12, 1, true}, {RecordData + 1, version12, 1, false},
		{RecordData, 0x0300, 1, true}, {RecordData, 0x0304, 1, true}, {RecordData, 0x0305, 1, false}, {RecordData, 0x0203, 1, false}, {RecordData, 0x0403, 1, false},
		{RecordData, version12, maxFragment, true}, {RecordData, version12, maxFragment + 1, false},
		{RecordData, version12, 0, true}, {recordHandshake, version12, 0, false}, {recordHandshake, version12, 1, true},
	} {
		if got := isHeader(header(x.typ, x.version, x.n)); got != x.want {
			t.Errorf("type %d, version %#x, %d bytes: %v", x.typ, x.version, x.n, got)
		}
	}
	for _, x := range []struct {
		version uint16
		n       int
		want    Answer
	}{{0x0300, 1, Yes}, {0x0304, 1, Yes}, {0x0305, 1, No}, {version12, maxFragment, Yes}, {version12, maxFragment + 1, No}, {version12, 0, No}} {
		if got, _ := Detect(append(header(recordHandshake, x.version, x.n), clientHello)); got != x.want {
			t.Errorf("a hello's record of version %#x with %d bytes: %d", x.version, x.n, got)
		}
	}
}

// Midstream, data show by a record that is followed by another or ends where the bytes do.
func TestDetectMidstream(t *testing.T) {
	one, other := wireRecord(100), []byte("\xee\xee\xee\xee\xee")
	for claim, x := range map[string]struct {
		b    []byte
		want bool
	}{
		"a record":                       {one, true},
		"the begin of one":               {one[:50], true},
		"its header":                     {one[:headerLen], true},
		"a part of that":                 {one[:headerLen-1], false},
		"two":                            {join(one, one), true},
		"one, and the header of another": {join(one, one[:headerLen]), true},
		"one, and a part of that":        {join(one, one[:headerLen-1]), false},
		"one, and something else":        {join(one, other), false},
		"two, and something else":        {join(one, one, other), true},
		"one, and one that is too short": {join(one, wireRecord(16)), false},
		"as short as can be":             {wireRecord(17), true},
		"shorter":                        {wireRecord(16), false},
		"of a handshake":                 {join(header(recordHandshake, version12, 100), make([]byte, 100)), false},
		"of another version":             {join(header(RecordData, 0x0301, 100), make([]byte, 100)), false},
		"longer than a record can be":    {header(RecordData, version12, maxFragment+1), false},
		"nothing":                        {nil, false},
	} {
		if got := DetectMidstream(x.b); got != x.want {
			t.Errorf("%s: %v", claim, got)
		}
	}
}

// A full handshake takes two round trips up to TLS 1.2 (RFC 5246 section 7.3), else one; early data none
// (RFC 8446 section 2.3).
func TestRoundTrips(t *testing.T) {
	for _, x := range []struct {
		info Info
		want int
	}{
		{Info{Version: version12}, 2}, {Info{Version: 0x0301}, 2}, {Info{Version: version12, Resumed: true}, 1},
		{Info{Version: Version13}, 1}, {Info{Version: Version13, Resumed: true}, 1}, {Info{}, 1}, {Info{Version: Version13, EarlyData: true}, 0},
	} {
		if got := x.info.RoundTrips(); got != x.want {
			t.Errorf("%+v: %d, want %d", x.info, got, x.want)
		}
	}
}

// What a record holds beside its content: the tag, a nonce, the inner type; a MAC, padding and, since TLS
// 1.1, a vector.
func TestOverhead(t *testing.T) {
	for _, x := range []struct {
		claim           string
		version, number uint16
		least, blur     int
	}{
		{"TLS 1.3", Version13, 0x1301, 17, 0}, {"no hello", 0, 0, 17, 0}, {"an unknown suite", version12, 0xffff, 16, 32},
		{"AES-GCM", version12, 0xc02f, 24, 0}, {"ChaCha20", version12, 0xcca8, 16, 0},
		{"AES-CBC with SHA-1", version12, 0xc013, 16 + 20 + 1, 15}, {"of TLS 1.1", 0x0302, 0xc013, 16 + 20 + 1, 15},
		{"of TLS 1.0", 0x0301, 0xc013, 20 + 1, 15}, {"3DES of TLS 1.0", 0x0301, 0x000a, 20 + 1, 7}, {"3DES", version12, 0x000a, 8 + 20 + 1, 7},
	} {
		if least, blur := Overhead(x.version, x.number); least != x.least || blur != x.blur {
			t.Errorf("%s: %d and up to %d more, want %d and %d", x.claim, least, blur, x.least, x.blur)
		}
	}
	for number, s := range suites { // nothing shorter is tried
		version := uint16(version12)
		if number>>8 == 0x13 {
			continue
		}
		client, _ := newOpeners12(s, false, make([]byte, 48), random{}, random{})
		if least, _ := Overhead(version, number); client == nil || client.overhead() != least {
			t.Errorf("suite %#x: %d bytes at least are opened, want %d", number, client.overhead(), least)
		}
	}
	secret := make([]byte, 32)
	if o := newOpener13(suites[0x1301], &secret); o.overhead() != 17 {
		t.Errorf("TLS 1.3: %d bytes at least are opened", o.overhead())
	}
}

// Clients throw in 16 numbers at random (RFC 8701 section 2).
func TestGrease(t *testing.T) {
	n := 0
	for x := range 1 << 16 {
		if grease(x) {
			n++
			if x>>8 != x&0xff || x&0xf != 0xa {
				t.Errorf("%#x", x)
			}
		}
	}
	if n != 16 {
		t.Errorf("%d numbers", n)
	}
}

// A client asks for a ticket by an empty one, or by saying how it would use one; it takes a session up by a
// ticket, by a pre-shared key or, before TLS 1.3, by an ID (RFC 5077 section 3.2, RFC 8446 section 4.2).
func TestWhatAClientAsksAndTakes(t *testing.T) {
	withID := func(b []byte) []byte { return slices.Concat(b[:34], []byte{4, 1, 2, 3, 4}, b[35:]) }
	none := hello([]uint16{0x1301})
	for _, x := range []struct {
		claim       string
		b           []byte
		asks, takes bool
	}{
		{"nothing", none, false, false},
		{"an empty ticket", hello([]uint16{0x1301}, []byte{0, extSessionTicket, 0, 0}), true, false},
		{"a ticket", hello([]uint16{0x1301}, []byte{0, extSessionTicket, 0, 1, 7}), true, true},
		{"modes", hello([]uint16{0x1301}, []byte{0, extPSKModes, 0, 2, 1, 1}), true, false},
		{"a key", hello([]uint16{0x1301}, []byte{0, extPreSharedKey, 0, 1, 7}), false, true},
		{"an ID", withID(none), false, true},
		{"an ID of TLS 1.3", withID(hello([]uint16{0x1301}, []byte{0, extVersions, 0, 3, 2, 3, 4})), false, false},
	} {
		var c Conn
		if c.clientHello(x.b, true); c.info.Asks != x.asks || c.info.Takes != x.takes {
			t.Errorf("%s: asks %v, takes %v", x.claim, c.info.Asks, c.info.Takes)
		}
	}
}

// In TLS 1.2 a server gives a session by its ID, or by a ticket, and takes one up by saying the client's ID
// back, or by a handshake that is over without ServerHelloDone (RFC 5246 section 7.3, RFC 5077 section 3.4).
func TestSessionsOfTLS12(t *testing.T) {
	ofServer := func(id ...byte) []byte {
		b := slices.Concat([]byte{3, 3}, make([]byte, 32), []byte{byte(len(id))}, id, []byte{0xc0, 0x2f, 0})
		return message(serverHello, b)
	}
	clientID := []byte{1, 2, 3, 4}
	first := hello([]uint16{0xc02f})
	done, ticket := message(serverHelloDone, nil), message(newSessionTicket, make([]byte, 20))
	change := join(header(recordChange, version12, 1), []byte{1})
	for _, x := range []struct {
		claim          string
		id             []byte // the client's
		server         []byte
		resumed, gives bool
	}{
		{"neither says one", nil, ofServer(), false, false},
		{"the server gives one", nil, ofServer(clientID...), false, true},
		{"another than the client's", clientID, ofServer(9, 9, 9, 9), false, true},
		{"the client's", clientID, ofServer(clientID...), true, true},
		{"a ticket", nil, join(ofServer(), done, ticket), false, true},
		{"a full handshake", nil, join(ofServer(), done), false, false},
	} {
		b := slices.Concat(first[:34], []byte{byte(len(x.id))}, x.id, first[35:])
		c := new(Conn)
		c.Reset(nil, discard{})
		c.Bytes(true, inRecords(version12, message(clientHello, b), 1<<14), mark(0))
		c.Bytes(false, inRecords(version12, x.server, 1<<14), mark(1))
		if i := c.Info(); i.Resumed != x.resumed || i.Gives != x.gives {
			t.Errorf("%s: resumed %v, gives %v", x.claim, i.Resumed, i.Gives)
		}
		c.Bytes(false, change, mark(2))
		whole := strings.Contains(string(x.server), string(done))
		if i := c.Info(); i.Resumed != (x.resumed || !whole) {
			t.Errorf("%s, and the change of keys: resumed %v", x.claim, i.Resumed)
		}
	}
	c := new(Conn) // where bytes are missing ServerHelloDone may be
	c.Reset(nil, discard{})
	c.Bytes(false, inRecords(version12, ofServer(), 1<<14), mark(1))
	c.Gap(false, 100, mark(2))
	c.Bytes(false, change, mark(3))
	if c.Info().Resumed {
		t.Error("resumed, though bytes are missing")
	}
	c.Reset(nil, discard{}) // a client gives none
	if c.Bytes(true, inRecords(version12, ticket, 1<<14), mark(1)); c.Info().Gives {
		t.Error("a ticket of the client's")
	}
}

// Messages count of the side that may send them; one may be empty.
func TestMessagesOfASide(t *testing.T) {
	alpn := message(encryptedExtensions, slices.Concat([]byte{0, 9, 0, extALPN, 0, 5, 0, 3, 2}, []byte("h2")))
	end := message(endOfEarlyData, nil)
	for _, side := range []int{fromClient, fromServer} {
		c := new(Conn)
		c.Reset(nil, discard{})
		c.half[side].handshake(alpn)
		if (c.info.ALPN == "h2") != (side == fromServer) {
			t.Errorf("EncryptedExtensions of side %d: %q", side, c.info.ALPN)
		}
		c.half[side].handshake(end)
		if c.info.EarlyData != (side == fromClient) {
			t.Errorf("EndOfEarlyData of side %d: %v", side, c.info.EarlyData)
		}
	}
}

// Only a whole close_notify closes, once for a side (RFC 8446 section 6.1).
func TestCloseNotify(t *testing.T) {
	for _, x := range []struct {
		claim string
		alert []byte
		want  int
	}{{"close_notify", []byte{1, 0}, 1}, {"another", []byte{2, 40}, 0}, {"a part", []byte{0}, 0}, {"too long", []byte{1, 0, 0}, 0}} {
		for _, client := range []bool{false, true} {
			g := &gatherer{}
			c := new(Conn)
			c.Reset(nil, g)
			for range 2 {
				c.Bytes(client, join(header(RecordAlert, version12, len(x.alert)), x.alert), mark(1))
			}
			if g.notified[index(client)] != x.want || g.notified[index(!client)] != 0 {
				t.Errorf("%s: %v", x.claim, g.notified)
			}
		}
	}
}

// A noter notes data with the packets that brought them.
type noter struct {
	discard
	data []string
}

func (n *noter) Data(client bool, b []byte, at Mark) {
	n.data = append(n.data, fmt.Sprintf("%s@%d", b, at.Packet))
}

// Data begin with the packet in which their record began, and end with that in which it ended.
func TestDataOfTwoPackets(t *testing.T) {
	for _, x := range []struct {
		b         string
		start, at int
		want      string
	}{
		{"abc", 1, 1, "[abc@2]"}, {"abc", 1, 4, "[a@2 bc@5]"}, {"ab", 1, 4, "[a@2 b@5]"}, {"a", 1, 4, "[a@5]"}, {"", 1, 4, "[]"},
	} {
		n := &noter{}
		c := new(Conn)
		c.Reset(nil, n)
		if c.half[fromServer].content(RecordData, []byte(x.b), mark(x.start), mark(x.at)); fmt.Sprint(n.data) != x.want {
			t.Errorf("%q from %d to %d: %v, want %s", x.b, x.start+1, x.at+1, n.data, x.want)
		}
	}
}

// Missing bytes hold as few records as are as long as can be, and as many as are as short; one may be cut
// at each end.
func TestHowManyRecordsAreMissing(t *testing.T) {
	const longest, shortest = headerLen + maxFragment, headerLen + minSealed
	for _, x := range []struct {
		m            missing
		fewest, most uint64
	}{
		{missing{}, 0, 0}, {missing{records: 3}, 3, 3}, {missing{bytes: 1}, 0, 2}, {missing{bytes: shortest}, 0, 3},
		{missing{records: 3, bytes: 2 * longest}, 5, 3 + 2*longest/shortest + 2}, {missing{bytes: longest - 1}, 0, (longest-1)/shortest + 2},
	} {
		if fewest, most := x.m.fewest(), x.m.most(); fewest != x.fewest || most != x.most {
			t.Errorf("%+v: %d to %d, want %d to %d", x.m, fewest, most, x.fewest, x.most)
		}
	}
}

// Early data waits until the server has taken it, up to a bound; beyond, and what did not open, is a gap.
func TestEarlyDataWaits(t *testing.T) {
	for _, beyond := range []int{0, 1} {
		var e early
		g := &gatherer{}
		e.add(make([]byte, maxEarly-10), mark(1), g)
		e.add(make([]byte, 10+beyond), mark(2), g)
		if g.data[fromClient].Len() != 0 {
			t.Error("it does not wait")
		}
		e.release(g)
		want, gap := maxEarly, int64(0)
		if beyond > 0 {
			want, gap = maxEarly-10, 11
		}
		if g.data[fromClient].Len() != want || g.gaps[fromClient] != gap {
			t.Errorf("%d beyond: %d bytes and a gap of %d, want %d and %d", beyond, g.data[fromClient].Len(), g.gaps[fromClient], want, gap)
		}
	}
	for _, take := range []bool{true, false} {
		var e early
		g := &gatherer{}
		e.unread(7, mark(1), g)
		if take {
			e.release(g)
		} else {
			e.drop()
		}
		e.add([]byte("abc"), mark(2), g)
		e.unread(5, mark(3), g)
		if got, want := fmt.Sprint(g.data[fromClient].Len(), g.gaps[fromClient]), map[bool]string{true: "3 12", false: "0 0"}[take]; got != want {
			t.Errorf("taken %v: %s, want %s", take, got, want)
		}
	}
}

// What is not known of early data when the client ends is a gap.
func TestEarlyDataUndecidedAtTheEnd(t *testing.T) {
	g := &gatherer{}
	c := new(Conn)
	c.Reset(nil, g)
	c.early.add([]byte("abc"), mark(1), g)
	c.early.unread(7, mark(2), g)
	c.Close(false, mark(3))
	before := g.gaps[fromClient]
	c.Close(true, mark(4))
	c.Close(true, mark(5))
	if before != 0 || g.gaps[fromClient] != 10 || g.data[fromClient].Len() != 0 {
		t.Errorf("a gap of %d, then of %d; %d bytes", before, g.gaps[fromClient], g.data[fromClient].Len())
	}
}

// Room for records is kept for the next connection up to a bound.
func TestRoomForRecords(t *testing.T) {
	for _, beyond := range []int{0, 1} {
		c := &Conn{plain: make([]byte, 0, usualRoom+beyond)}
		c.half[0].buf = make([]byte, 0, usualRoom+beyond)
		if c.Trim(); (cap(c.plain) > 0) != (beyond == 0) || (cap(c.half[0].buf) > 0) != (beyond == 0) {
			t.Errorf("of %d bytes %d and %d are kept", usualRoom+beyond, cap(c.plain), cap(c.half[0].buf))
		}
	}
}
