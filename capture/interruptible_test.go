package capture

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"testing"
	"testing/iotest"

	"tcpwarm/capture/segment"
)

const waitSample = "../pcaps/node-shared-agent.pcap"

// readAll reads to the end and returns what was seen, and the error that was the end.
func readAll(t *testing.T, r *Reader) (segment.Totals, error) {
	t.Helper()
	var b segment.Batch
	for {
		if err := r.Fill(&b); err != nil {
			return r.Totals(), err
		}
	}
}

// A reader that gives way to a context loses nothing, however its input comes.
func TestInterruptibleLosesNothing(t *testing.T) {
	content, err := os.ReadFile(waitSample)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := Open(waitSample)
	if err != nil {
		t.Fatal(err)
	}
	defer whole.Close()
	want, _ := readAll(t, whole)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for name, in := range map[string]io.Reader{
		"at once":         bytes.NewReader(content),
		"byte by byte":    iotest.OneByteReader(bytes.NewReader(content)),
		"with its end":    iotest.DataErrReader(bytes.NewReader(content)),
		"more than a buf": bytes.NewReader(append(content, bytes.Repeat(content[24:], 100)...)),
	} {
		r, err := OpenAllContext(ctx, []string{"-"}, in)
		if err != nil {
			t.Fatal(name, err)
		}
		got, err := readAll(t, r)
		n := int64(1)
		if name == "more than a buf" {
			n = 101
		}
		if err != io.EOF || got.Packets != n*want.Packets || got.Bytes != n*want.Bytes {
			t.Errorf("%s: %v, %d packets, %d bytes", name, err, got.Packets, got.Bytes)
		}
	}
}

// What is read while nothing more comes is handed on with the context's error.
func TestInterruptibleGivesWay(t *testing.T) {
	content, err := os.ReadFile(waitSample)
	if err != nil {
		t.Fatal(err)
	}
	out, in := io.Pipe()
	defer in.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		in.Write(content[:len(content)/2])
		in.Write(content[len(content)/2 : len(content)-5]) // it is asked for once the first half has been read
		cancel()                                           // the next read waits for ever
	}()
	r, err := OpenAllContext(ctx, []string{"-"}, out)
	if err != nil {
		t.Fatal(err)
	}
	got, err := readAll(t, r)
	if !errors.Is(err, context.Canceled) || got.Packets == 0 {
		t.Errorf("%v after %d packets", err, got.Packets)
	}
}

// What ends the reading before its time is a problem of a kind that scripts know.
func TestProblemsThatEndTheReading(t *testing.T) {
	content, err := os.ReadFile(waitSample)
	if err != nil {
		t.Fatal(err)
	}
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	z.Write(content)
	z.Close()
	wrong := bytes.Clone(zipped.Bytes())
	wrong[len(wrong)-5] ^= 1 // its checksum
	length := bytes.Clone(content)
	copy(length[24+8:], []byte{0xff, 0xff, 0xff, 0x7f})
	for name, x := range map[string]struct {
		content []byte
		kind    string
	}{
		"cut":               {content[:len(content)-1], segment.FileCutShort},
		"cut in a header":   {content[:24+10], segment.FileCutShort},
		"gzip, cut":         {zipped.Bytes()[:zipped.Len()-20], segment.FileCutShort},
		"gzip, checksum":    {wrong, segment.NotReadable},
		"impossible length": {length, segment.NotReadable},
	} {
		r, err := OpenReader(name, bytes.NewReader(x.content))
		if err != nil {
			t.Fatal(name, err)
		}
		got, err := readAll(t, r)
		p := segment.ProblemOf(err)
		if p.Kind != x.kind || p.Count != 1 || p.FirstPacket != got.Packets+1 || p.Text != err.Error() || !segment.Lacking(p.Kind) {
			t.Errorf("%s: %v: %+v after %d packets", name, err, p, got.Packets)
		}
	}
}
