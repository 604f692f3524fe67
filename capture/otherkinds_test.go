package capture

import (
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"tcpwarm/capture/assigned"
)

// What Wireshark's editcap makes of a capture is named for what it is; and read again where it makes pcapng of that.
func TestOtherKindsAreNamed(t *testing.T) {
	if _, err := exec.LookPath("editcap"); err != nil {
		t.Skip("editcap is not here")
	}
	w := newPcapFile(binary.LittleEndian, magicMicro, 0, assigned.LinkEthernet)
	w.packet(1e9, 1, 60, frame(1, "ab"))
	dir := t.TempDir()
	of := func(kind string) string { return filepath.Join(dir, kind) }
	if err := os.WriteFile(of("pcap"), w.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	again := 0
	for kind, want := range map[string]string{
		"snoop": "snoop", "netmon1": "Microsoft Network Monitor 1", "netmon2": "Microsoft Network Monitor 2", "ngsniffer": "Sniffer",
		"ngwsniffer_1_1": "NetXRay", "ngwsniffer_2_0": "NetXRay", "nettl": "HP-UX nettl", "observer": "Observer",
		"visual": "Visual Networks", "5views": "5View", "k12text": "K12",
	} {
		if out, err := exec.Command("editcap", "-F", kind, of("pcap"), of(kind)).CombinedOutput(); err != nil {
			t.Errorf("%s: %v, %s", kind, err, out)
			continue
		}
		if _, err := Open(of(kind)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", kind, err)
		}
		if exec.Command("editcap", "-F", "pcapng", of(kind), of(kind+".pcapng")).Run() != nil {
			continue
		}
		again++
		src, err := Open(of(kind + ".pcapng"))
		if err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		if all, err := drain(t, src); err != nil || len(all) != 1 || all[0].payload != "ab" {
			t.Errorf("%s: %+v, %v", kind, all, err)
		}
		src.Close()
	}
	if again < 6 {
		t.Errorf("only %d were made pcapng again", again)
	}
}
