package capture

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"runtime"
	"slices"
	"strings"
	"tcpwarm/capture/assigned"
	"testing"

	"github.com/klauspost/compress/zstd"
)

func zstandard(b []byte) []byte {
	var out bytes.Buffer
	z, err := zstd.NewWriter(&out)
	if err != nil {
		panic(err)
	}
	z.Write(b)
	z.Close()
	return out.Bytes()
}

// bzipped is what bzip2 makes of a capture of one packet, of port 1001 with "ab".
const bzipped = "" +
	"425a683931415926535931efe48e0000267f3ffd795040021004060202408030000200200010000800040020204000a00054" +
	"66d464d320c46466a61a069a4800d0d07a834346f3c1d3021564e4b410332f282b22c2971910f2912d4ab416382b7d112408" +
	"1b2fc04294ad89052b9b9c0bb9229c284818f7f24700"

func TestCompressed(t *testing.T) {
	w := newPcapFile(binary.LittleEndian, magicMicro, 0, assigned.LinkEthernet)
	w.packet(1, 1, 60, frame(1, "ab"))
	one := w.Bytes()
	skipped := slices.Concat([]byte{0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0}, []byte("skip"))
	bz, err := hex.DecodeString(bzipped)
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{
		"zstd":                     zstandard(one),
		"zstd, several frames":     slices.Concat(zstandard(one[:30]), zstandard(one[30:40]), skipped, zstandard(one[40:])),
		"zstd behind what to skip": slices.Concat(skipped, zstandard(one)),
		"gzip":                     zipped(one),
		"gzip, several members":    slices.Concat(zipped(one[:30]), zipped(one[30:])),
		"bzip2":                    bz,
	} {
		all, totals, err := read(t, b)
		if err != nil || len(all) != 1 || all[0].payload != "ab" || all[0].From().Port != 1001 || len(totals.Problems) != 0 {
			t.Errorf("%s: %d segments, %+v, %v", name, len(all), totals, err)
		}
		all, _, err = read(t, b[:len(b)-6])
		if f := wantFormatError(t, err); !errors.Is(f.Err, errCut) {
			t.Errorf("%s, cut: %d segments, %v", name, len(all), err)
		}
	}
	_, _, err = read(t, zipped(zstandard(one)))
	if err == nil || !strings.Contains(err.Error(), "neither pcap nor pcapng") {
		t.Errorf("compressed twice: %v", err)
	}
}

// A few bytes must not expand for ever, nor ask for much memory.
func TestExpansionIsBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("short: it expands to gigabytes")
	}
	zeros := func(blocks int, window byte) []byte { // a frame of blocks of one byte repeated (RFC 8878 section 3.1.1.2)
		const most = 128 << 10
		b := []byte{0x28, 0xb5, 0x2f, 0xfd, 0, window}
		for i := range blocks {
			head := uint32(most)<<3 | 1<<1
			if i == blocks-1 {
				head |= 1
			}
			b = append(b, byte(head), byte(head>>8), byte(head>>16), 0)
		}
		return b
	}
	expand := func(b []byte) (int64, error) {
		in, err := decompress(bufio.NewReader(bytes.NewReader(b)))
		if err != nil {
			return 0, err
		}
		return io.Copy(io.Discard, in)
	}
	if n, err := expand(zeros(8000, 7<<3)); err != nil || n != 8000*128<<10 {
		t.Errorf("just below the limit: %d bytes, %v", n, err)
	}
	if n, err := expand(zeros(20000, 7<<3)); err == nil || !strings.Contains(err.Error(), "10000 times") || n > freeExpansion+1<<20 {
		t.Errorf("%d bytes, %v", n, err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if n, err := expand(zeros(1, 18<<3)); err == nil || n > 0 { // 256 MiB of window
		t.Errorf("%d bytes, %v", n, err)
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 64<<20 {
		t.Errorf("%d bytes were allocated", n)
	}
}
