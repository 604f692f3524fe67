package againsttshark

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"tcpwarm/analyze"
	"tcpwarm/capture"
	"tcpwarm/pcaps/script"
)

// An oddity is a connection that speaks HTTP as few do.
type oddity struct {
	name                string
	turns               []string // each begins with > or <, who speaks
	requests, responses int
	differs             string // why tshark counts otherwise, "" if it counts the same
}

const (
	get  = ">GET /x HTTP/1.1\r\nHost: a\r\n\r\n"
	ok   = "<HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
	pref = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
)

// frame is one of HTTP/2.
func frame(typ, flags byte, stream byte, payload string) string {
	return string([]byte{0, 0, byte(len(payload)), typ, flags, 0, 0, 0, stream}) + payload
}

const getX = "\x82\x86\x84\x41\x01a" // GET, http, /, authority a

var oddities = []oddity{
	{"bare line feeds", []string{">GET /x HTTP/1.1\nHost: a\n\n", "<HTTP/1.1 200 OK\nContent-Length: 2\n\nok", get, ok}, 2, 2, ""},
	{"folded fields", []string{">GET /x HTTP/1.1\r\nHost: a\r\nX: 1\r\n  2\r\n\r\n", "<HTTP/1.1 200 OK\r\nX: 1\r\n\t2\r\nContent-Length: 2\r\n\r\nok", get, ok}, 2, 2, ""},
	{"chunk extensions and trailers", []string{get, "<HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b;c=\"d\"\r\nok\r\n0;e\r\nX: 1\r\nY: 2\r\n\r\n", get, ok}, 2, 2, ""},
	{"chunks in segments of their own", []string{get, "<HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "<000A\r\n", "<0123456789\r\n", "<0\r", "<\n\r\n", get, ok}, 2, 2, ""},
	{"chunks with bare line feeds", []string{get, "<HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\nok\n0\n\n", get, ok}, 2, 2, ""},
	{"several interim responses", []string{get, "<HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n", ok, get, ok}, 2, 2, ""},
	{"interim in one segment", []string{get, "<HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", get, ok}, 2, 2, ""},
	{"pipelined HEAD and 304", []string{">HEAD /x HTTP/1.1\r\nHost: a\r\n\r\nGET /y HTTP/1.1\r\nHost: a\r\n\r\nGET /z HTTP/1.1\r\nHost: a\r\n\r\n",
		"<HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nHTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"}, 3, 3, "to tshark the response to a HEAD that is not the last asked for has a body"},
	{"HEAD with chunks", []string{">HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n", "<HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", get, ok}, 2, 2, ""},
	{"204 with a length", []string{get, "<HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", get, ok}, 2, 2, ""},
	{"205", []string{get, "<HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n", get, ok}, 2, 2, ""},
	{"absolute form", []string{">GET http://a:80/x HTTP/1.1\r\nHost: a\r\n\r\n", ok, get, ok}, 2, 2, ""},
	{"no host", []string{">GET /x HTTP/1.1\r\n\r\n", "<HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"}, 1, 1, ""},
	{"asterisk", []string{">OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", ok, get, ok}, 2, 2, ""},
	{"no reason", []string{get, "<HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", get, "<HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok"}, 2, 2, ""},
	{"a length said twice", []string{get, "<HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok", get, "<HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok", get, ok}, 3, 3, "a list of one length is none to tshark: RFC 9110 section 8.6 lets it be taken for that length"},
	{"codings before chunked", []string{get, "<HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", get, ok}, 2, 2, ""},
	{"codings in two fields", []string{get, "<HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", get, ok}, 2, 2, ""},
	{"chunked before a length", []string{get, "<HTTP/1.1 200 OK\r\nContent-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", get, ok}, 2, 2, ""},
	{"lines before a request", []string{">\r\n" + get[1:], ok, ">\r\n\r\n" + get[1:], ok}, 2, 2, "no request begins with an empty line to tshark: RFC 9112 section 2.2 has it passed over"},
	{"a line after a body", []string{">POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nok\r\n", ok, get, ok}, 2, 2, ""},
	{"a body like a response", []string{get, "<HTTP/1.1 200 OK\r\nContent-Length: 38\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", get, ok}, 2, 2, ""},
	{"a body like a request", []string{">POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 27\r\n\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n", ok, get, ok}, 2, 2, ""},
	{"a body until the end", []string{get, "<HTTP/1.1 200 OK\r\n\r\nok", "<HTTP/1.1 200 OK\r\n\r\n"}, 1, 1, ""},
	{"HTTP/1.0 kept alive", []string{">GET /x HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", "<HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok", ">GET /x HTTP/1.0\r\n\r\n", "<HTTP/1.0 200 OK\r\n\r\nok"}, 2, 2, ""},
	{"a continue asked for", []string{">POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n", "<HTTP/1.1 100 Continue\r\n\r\n", ">ok", ok, get, ok}, 2, 2, ""},
	{"answered before its body", []string{">POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nok", "<HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", ">ok", get, ok}, 2, 2, ""},
	{"many at once", []string{">" + strings.Repeat(get[1:], 20), "<" + strings.Repeat(ok[1:], 20)}, 20, 20, ""},
	{"methods of others", []string{">PROPFIND /x HTTP/1.1\r\nHost: a\r\n\r\n", "<HTTP/1.1 207 Multi-Status\r\nContent-Length: 2\r\n\r\nok", ">M-SEARCH * HTTP/1.1\r\nHost: a\r\n\r\n", ok}, 2, 2, ""},
	{"a method of its own", []string{">FROB /x HTTP/1.1\r\nHost: a\r\n\r\n", ok, get, ok}, 2, 2, "tshark knows methods by name"},
	{"CONNECT refused, then granted", []string{">CONNECT b:80 HTTP/1.1\r\nHost: b:80\r\n\r\n", "<HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 2\r\n\r\nno", ">CONNECT b:80 HTTP/1.1\r\nHost: b:80\r\n\r\n", "<HTTP/1.1 200 Connection established\r\nContent-Length: 5\r\n\r\n", get, ok}, 3, 3, "tshark does not look into this tunnel"},
	{"a byte range", []string{">GET /x HTTP/1.1\r\nHost: a\r\nRange: bytes=0-1\r\n\r\n", "<HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-1/9\r\nContent-Length: 2\r\n\r\nok", get, ok}, 2, 2, ""},
	{"a WebSocket", []string{">GET /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
		"<HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n", ">\x81\x82\x00\x00\x00\x00hi", "<\x81\x02hi"}, 1, 1, ""},
	{"HTTP/2 by prior knowledge", []string{">" + pref + frame(4, 0, 0, "") + frame(1, 5, 1, getX), "<" + frame(4, 0, 0, "") + frame(4, 1, 0, "") + frame(1, 4, 1, "\x88") + frame(0, 1, 1, "ok")}, 1, 1, ""},
	{"HTTP/2's preface in pieces", []string{">PRI * HT", ">TP/2.0\r\n\r\nSM\r\n\r\n", ">" + frame(4, 0, 0, "") + frame(1, 5, 1, getX), "<" + frame(4, 0, 0, ""), "<" + frame(1, 5, 1, "\x88")}, 1, 1, ""},
	{"fields in several frames", []string{">" + pref + frame(4, 0, 0, "") + frame(1, 1, 1, getX[:2]) + frame(9, 0, 1, getX[2:4]) + frame(9, 4, 1, getX[4:]), "<" + frame(4, 0, 0, "") + frame(1, 1, 1, "") + frame(9, 4, 1, "\x88")}, 1, 1, ""},
	{"padded, with a priority", []string{">" + pref + frame(4, 0, 0, "") + frame(1, 0x2d, 1, "\x03\x00\x00\x00\x00\x10"+getX+"\x00\x00\x00"), "<" + frame(4, 0, 0, "") + frame(1, 0xc, 1, "\x01\x88\x00") + frame(0, 9, 1, "\x01ok\x00")}, 1, 1, ""},
	{"trailers alone", []string{">" + pref + frame(4, 0, 0, "") + frame(1, 5, 1, getX), "<" + frame(4, 0, 0, "") + frame(1, 5, 1, "\x88\x00\x0bgrpc-status\x010")}, 1, 1, ""},
	{"trailers of both", []string{">" + pref + frame(4, 0, 0, "") + frame(1, 4, 1, getX) + frame(0, 0, 1, "hi") + frame(1, 5, 1, "\x00\x01a\x01b"), "<" + frame(4, 0, 0, "") + frame(1, 4, 1, "\x88") + frame(0, 0, 1, "ok") + frame(1, 5, 1, "\x00\x01a\x01b")}, 1, 1, ""},
	{"103 in HTTP/2", []string{">" + pref + frame(4, 0, 0, "") + frame(1, 5, 1, getX), "<" + frame(4, 0, 0, "") + frame(1, 4, 1, "\x08\x03103") + frame(1, 5, 1, "\x88")}, 1, 1, ""},
	{"a stream reset", []string{">" + pref + frame(4, 0, 0, "") + frame(1, 5, 1, getX) + frame(1, 5, 3, getX), "<" + frame(4, 0, 0, "") + frame(3, 0, 1, "\x00\x00\x00\x07") + frame(1, 5, 3, "\x88")}, 2, 1, ""},
	{"pushed", []string{">" + pref + frame(4, 0, 0, "") + frame(1, 5, 1, getX), "<" + frame(4, 0, 0, "") + frame(5, 4, 1, "\x00\x00\x00\x02"+getX) + frame(1, 5, 1, "\x88") + frame(1, 5, 2, "\x88")}, 1, 1, "what is pushed is counted apart here, for nobody has asked for it"},
	{"RTSP", []string{">DESCRIBE rtsp://a/x RTSP/1.0\r\nCSeq: 1\r\n\r\n", "<RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n"}, 0, 0, ""},
	{"SIP", []string{">OPTIONS sip:a SIP/2.0\r\nCSeq: 1 OPTIONS\r\n\r\n", "<SIP/2.0 200 OK\r\nCSeq: 1 OPTIONS\r\n\r\n"}, 0, 0, "the version is none of HTTP's, but the method is"},
	{"ICY", []string{">GET /x HTTP/1.0\r\n\r\n", "<ICY 200 OK\r\nicy-name: x\r\n\r\nmusic"}, 1, 1, ""},
}

// An oddity's connections have the requests and responses that tshark counts on them, or it is said why not.
func TestOddities(t *testing.T) {
	var trace strings.Builder
	for i := range oddities {
		fmt.Fprintf(&trace, "conn c%d 10.0.0.1:%d 10.0.0.2:80\n", i, 40000+i)
	}
	for i, o := range oddities {
		fmt.Fprintf(&trace, "c%d: +0.1 > S 0:0(0) <mss 1460>\nc%d: +0.02 < S. 0:0(0) ack 1 <mss 1460>\nc%d: +0 > . 1:1(0) ack 1\n", i, i, i)
		for _, turn := range o.turns {
			fmt.Fprintf(&trace, "c%d: +0.01 %c P. + ack + %q\n", i, turn[0], turn[1:])
		}
		fmt.Fprintf(&trace, "c%d: +0.01 < F. +(0) ack +\nc%d: +0.01 > F. +(0) ack +\nc%d: +0.01 < . +(0) ack +\n", i, i, i)
	}
	s, err := script.Parse(trace.String())
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "oddities.pcap")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.WritePcap(f); err != nil {
		t.Fatal(err)
	}
	f.Close()
	src, err := capture.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	r, err := analyze.Run(context.Background(), src, analyze.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var theirs map[int][2]int
	if _, err := exec.LookPath("sharkd"); err == nil && !testing.Short() {
		theirs = countedByStream(t, name)
	}
	for i, o := range oddities {
		c := r.Connections[i]
		n := [2]int{int(c.Requests), int(c.Responses)}
		if c.Tunnel != nil {
			n[0] += int(c.Tunnel.TransactionCount)
			n[1] += int(c.Tunnel.TransactionCount)
		}
		if n != [2]int{o.requests, o.responses} {
			t.Errorf("%s: %v", o.name, n)
		}
		if theirs != nil && (theirs[i] == n) != (o.differs == "") {
			t.Errorf("%s: %v, tshark has %v; the reason stated is %q", o.name, n, theirs[i], o.differs)
		}
	}
}
