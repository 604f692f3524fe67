package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tcpwarm/pcaps/script"
)

// usual is a connection as most are: some requests, a short answer to each.
const usual = `
0      > S 0:0(0) win 64240 <mss 1460, sackOK, TS 1 0, wscale 7>
+0.010 < S. 0:0(0) ack 1 win 65160 <mss 1460, sackOK, TS 1 1, wscale 7>
+0     > . 1:1(0) ack 1 <TS 11 1>
REQUESTS
+0.010 > F. +(0) ack + <TS 90 80>
+0.010 < F. +(0) ack + <TS 90 90>
+0.001 > . +(0) ack + <TS 91 90>
`

const turn = `
+0.010 > P. + ack + "GET /items/17 HTTP/1.1\r\nHost: svc.example\r\nUser-Agent: bench/1.0\r\nAccept: */*\r\n\r\n" <TS 20 10>
+0.010 < P. + ack + "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 20\r\n\r\nabcdefghijklmnopqrst" <TS 30 20>
+0     > . +(0) ack + <TS 31 30>
`

// frames returns the records of a pcap of n requests on one connection.
func frames(b testing.TB, n int) [][]byte {
	s, err := script.Parse(strings.Replace(usual, "REQUESTS\n", strings.Repeat(turn, n), 1))
	if err != nil {
		b.Fatal(err)
	}
	var buf bytes.Buffer
	if err := s.WritePcap(&buf); err != nil {
		b.Fatal(err)
	}
	var list [][]byte
	for rest := buf.Bytes()[24:]; len(rest) > 0; {
		n := 16 + binary.LittleEndian.Uint32(rest[8:])
		list = append(list, rest[:n])
		rest = rest[n:]
	}
	return list
}

// benchCapture writes a capture of conns connections, atOnce of them at once, of
// one to five requests each, between many clients and few servers. It returns its
// path and how many packets it has.
func benchCapture(b testing.TB, conns, atOnce int) (path string, packets int) {
	var kinds [5][][]byte
	for i := range kinds {
		kinds[i] = frames(b, i+1)
	}
	const (
		client = 16 + 14 + 12 // the frame's source address, when the client sends
		port   = 16 + 14 + 20 // its port
		seq    = port + 4
		ack    = port + 8
		flags  = port + 13
	)
	out := []byte("\x4d\x3c\xb2\xa1\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x04\x00\x01\x00\x00\x00")
	type live struct{ number, next int }
	var lives []live
	for begun := 0; begun < conns || len(lives) > 0; {
		for len(lives) < atOnce && begun < conns {
			lives = append(lives, live{begun, 0})
			begun++
		}
		for i := 0; i < len(lives); {
			l := &lives[i]
			kind := kinds[l.number*7%11%5]
			f := kind[l.next]
			start := len(out)
			out = append(out, f...)
			r := out[start:]
			at := time.Duration(packets) * 2 * time.Microsecond
			binary.LittleEndian.PutUint32(r, 1_700_000_000+uint32(at/time.Second))
			binary.LittleEndian.PutUint32(r[4:], uint32(at%time.Second))
			shift := 0 // 4 and 2 bytes on for what the server sends
			if bytes.Equal(f[client:client+4], kind[1][client:client+4]) {
				shift = 1
			}
			binary.BigEndian.PutUint32(r[client+4*shift:], 10<<24|uint32(l.number/3))
			binary.BigEndian.PutUint16(r[port+2*shift:], uint16(20_000+l.number%40_000))
			// Alike but for their ends, they would be one connection seen at many places.
			shifted := func(field []byte) {
				binary.BigEndian.PutUint32(field, binary.BigEndian.Uint32(field)+uint32(l.number)<<16)
			}
			if shifted(r[seq:]); r[flags]&0x10 != 0 {
				shifted(r[ack:])
			}
			packets++
			if l.next++; l.next == len(kind) {
				lives[i] = lives[len(lives)-1]
				lives = lives[:len(lives)-1]
				continue
			}
			i++
		}
	}
	path = filepath.Join(b.TempDir(), "bench.pcap")
	if err := os.WriteFile(path, out, 0o600); err != nil {
		b.Fatal(err)
	}
	return path, packets
}

// BenchmarkAnalyze is the whole way, from a file to the text. Its profile is what
// the compiler is given (make profile).
func BenchmarkAnalyze(b *testing.B) {
	path, packets := benchCapture(b, 60_000, 3000)
	least := floor(b, path)
	for b.Loop() {
		if code := run(b.Context(), []string{"analyze", path}, strings.NewReader(""), io.Discard, io.Discard); code != 0 {
			b.Fatal("exit code", code)
		}
	}
	each := b.Elapsed() / time.Duration(b.N)
	b.ReportMetric(float64(each.Nanoseconds())/float64(packets), "ns/packet")
	b.ReportMetric(float64(each)/float64(least), "x-floor")
}

// bulkCapture writes a capture, made at the server, of one response that takes so many segments. The client acknowledges
// every second, and each ACK lets out as much, or twice as much until 200 are in flight. It returns its path and how many
// packets it has.
func bulkCapture(b testing.TB, segments int) (path string, packets int) {
	const (
		size = 1448
		most = 200 // in flight
		head = "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
	)
	var text strings.Builder
	text.WriteString(strings.TrimSuffix(strings.Split(usual, "REQUESTS\n")[0], "\n"))
	first := fmt.Sprintf(head, segments*size)
	fmt.Fprintf(&text, "\n+0.001 > P. + ack + \"GET /big HTTP/1.1\\r\\nHost: a.example\\r\\n\\r\\n\" <TS 20 10>\n+0.001 < P. + ack + %q <TS 30 20>\n", first)
	packets = 5
	sent, acked, ms := 0, 0, 30
	send := func(n int) {
		for ; n > 0 && sent < segments; n-- {
			fmt.Fprintf(&text, "+0.000001 < . +(%d) ack + <TS %d %d>\n", size, ms, ms-10)
			sent++
			packets++
		}
	}
	for send(10); acked < sent; packets++ {
		wait := 0.0001
		if sent-acked <= 10 {
			wait = 0.01
		}
		ms++
		acked = min(acked+2, sent)
		fmt.Fprintf(&text, "+%f > . +(0) ack %d <TS %d %d>\n", wait, 1+len(first)+acked*size, ms-10, ms-10)
		if send(2); sent-acked < most {
			send(2)
		}
	}
	s, err := script.Parse(text.String())
	if err != nil {
		b.Fatal(err)
	}
	path = filepath.Join(b.TempDir(), "bulk.pcap")
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	if err := errors.Join(s.WritePcap(f), f.Close()); err != nil {
		b.Fatal(err)
	}
	return path, packets
}

// BenchmarkAnalyzeBulk is the same of one long response: the sender's view has the most to do there.
func BenchmarkAnalyzeBulk(b *testing.B) {
	path, packets := bulkCapture(b, 20_000)
	for b.Loop() {
		if code := run(b.Context(), []string{"analyze", path}, strings.NewReader(""), io.Discard, io.Discard); code != 0 {
			b.Fatal("exit code", code)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(packets), "ns/packet")
}

// floor is the least that counting segments by connection costs here: the file
// read once, some fields of each header, a table.
func floor(b *testing.B, path string) time.Duration {
	type key struct{ addrs, ports uint64 }
	buf, counts := make([]byte, 1<<20), make(map[key]int)
	least := time.Duration(1<<63 - 1)
	for range 5 {
		start := time.Now()
		file, err := os.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		have, skip := 0, 24
		for err == nil {
			var n int
			n, err = file.Read(buf[have:])
			rest := buf[skip : have+n]
			for len(rest) >= 16 && len(rest) >= 16+int(binary.LittleEndian.Uint32(rest[8:])) {
				ip := rest[16+14:]
				k := key{binary.BigEndian.Uint64(ip[12:]), uint64(binary.BigEndian.Uint32(ip[20:]))}
				if back := (key{k.addrs<<32 | k.addrs>>32, k.ports>>16 | k.ports<<16&0xffff0000}); k.addrs > back.addrs {
					k = back
				}
				counts[k]++
				rest = rest[16+binary.LittleEndian.Uint32(rest[8:]):]
			}
			have, skip = copy(buf, rest), 0
		}
		if file.Close(); err != io.EOF {
			b.Fatal(err)
		}
		least = min(least, time.Since(start))
	}
	return least
}
