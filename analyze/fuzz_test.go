package analyze

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"tcpwarm/capture"
	"tcpwarm/capture/segment"
)

// FuzzRun feeds damaged captures through everything: whatever they hold, a
// report comes out of which checkInvariants holds.
func FuzzRun(f *testing.F) {
	top, err := filepath.Glob("../pcaps/*.pcap")
	below, err2 := filepath.Glob("../pcaps/*/*.pcap")
	names := append(top, below...)
	if err != nil || err2 != nil || len(names) == 0 {
		f.Fatalf("no samples: %v %v", err, err2)
	}
	for i, name := range names {
		if testing.Short() && i%16 != 0 {
			continue
		}
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		if len(b) < 64<<10 { // what is larger has longer bodies, and costs each run its time
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		open := func(int) Source {
			src, err := capture.OpenReader("fuzz", bytes.NewReader(b))
			if err != nil {
				return nil
			}
			return src
		}
		var addresses [][]byte
		if src := open(0); src != nil {
			addresses = addressesOf(src)
		}
		checkInvariants(t, open, func(redacted []byte) {
			for _, a := range addresses {
				if bytes.Contains(redacted, a) {
					t.Errorf("--redact tells %s:\n%s", a, redacted)
				}
			}
		})
	})
}

// addressesOf returns the IPv4 addresses of src as they are written. IPv6 ones may be a part of a
// stand-in, and so are told by other tests.
func addressesOf(src Source) (all [][]byte) {
	seen := map[segment.Addr]bool{}
	var b segment.Batch
	for err := error(nil); err == nil; {
		err = src.Fill(&b)
		for i := range b.Segments {
			for _, a := range []segment.Addr{b.Segments[i].From().Addr, b.Segments[i].To().Addr} {
				if ip := a.Netip().Unmap(); ip.Is4() && !ip.IsLoopback() && !seen[a] { // a remedy names 127.0.0.1
					seen[a] = true
					all = append(all, []byte(ip.String()))
				}
			}
		}
	}
	return all
}
