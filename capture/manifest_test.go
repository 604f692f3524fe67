package capture

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tcpwarm/capture/segment"
)

// shared is where captures of other projects are, with what is known of them.
const shared = "../../shared/corpus"

// A known is what the manifest says of a capture.
type known struct {
	File     string
	Class    string // analysis or robustness
	Packets  *int64
	TCP      *int64 `json:"tcp_packets"`
	Expected struct {
		Outcome string
		Packets *int64
	}
}

// sharedCaptures returns what the manifest knows, and skips t where it is not here.
func sharedCaptures(t *testing.T) []known {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(shared, "manifest.json"))
	if err != nil {
		t.Skip("shared captures are not here")
	}
	var manifest struct{ Captures []known }
	if err := json.Unmarshal(raw, &manifest); err != nil {
		t.Fatal(err)
	}
	if len(manifest.Captures) == 0 {
		t.Fatal("the manifest names no capture")
	}
	return manifest.Captures
}

// Each capture has the packets, and the TCP segments, that others count in it.
func TestManifest(t *testing.T) {
	for _, k := range sharedCaptures(t) {
		totals, err := count(filepath.Join(shared, k.File))
		switch outcome := k.Expected.Outcome; {
		case outcome == "ok" && err != nil, outcome == "error" && err == nil:
			t.Errorf("%s: %v, want %s", k.File, err, outcome)
		case k.Class == "robustness" && strings.HasPrefix(outcome, "ok_or_error") && err != nil:
		case k.Class == "robustness" && k.Expected.Packets != nil && totals.Packets != *k.Expected.Packets,
			k.Packets != nil && totals.Packets != *k.Packets:
			t.Errorf("%s: %d packets, %v", k.File, totals.Packets, err)
		}
		if k.TCP != nil && totals.Segments != *k.TCP {
			t.Errorf("%s: %d segments, want %d; %+v", k.File, totals.Segments, *k.TCP, totals.Problems)
		}
	}
}

// count reads a whole capture. It returns no error at a clean end.
func count(name string) (segment.Totals, error) {
	r, err := Open(name)
	if err != nil {
		return segment.Totals{}, err
	}
	defer r.Close()
	var b segment.Batch
	for err == nil {
		err = r.Fill(&b)
	}
	if err == io.EOF {
		err = nil
	}
	return r.Totals(), err
}
