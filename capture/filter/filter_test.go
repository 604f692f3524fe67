package filter

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/gopacket/pcapgo"
	"golang.org/x/net/bpf"

	"tcpwarm/capture/assigned"
)

// expressions that tcpdump must agree with.
var expressions = []string{
	"", "ip", "ip6", "tcp", "udp", "icmp", "icmp6", "arp", "sctp",
	"port 80", "tcp port 80", "src port 80", "tcp dst port 443", "port 80 or 443", "tcp port 80 or 443 or 8080", "udp port 53",
	"portrange 8000-9000", "tcp portrange 8000-9000", "tcp src portrange 1-1023", "port http or https",
	"host 127.0.0.1", "src host 10.0.0.1", "dst 10.0.0.1", "src or dst host 127.0.0.1", "src and dst host 127.0.0.1",
	"net 10.0.0.0/8", "net 127", "net 192.168", "src net 192.168.0.0/16", "net 10.0.0.0 mask 255.0.0.0", "ip host 127.0.0.1", "arp host 10.0.0.1",
	"host ::1", "net fe80::/10", "dst net 2001:db8::/32", "net ::/0", "ip6 host ::1",
	"ip proto 6", "ip proto \\tcp", "ip6 proto 6", "ether proto 0x0800", "ether proto \\ip6", "proto 17",
	"less 100", "greater 100", "len > 100", "len <= 66",
	"tcp[tcpflags] & tcp-syn != 0", "tcp[13] & 2 != 0", "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0", "tcp[tcpflags] == tcp-syn",
	"ip[0] & 0xf != 5", "ip[2:2] > 576", "ip[8] < 64", "tcp[0:2] = 80", "tcp[((tcp[12] & 0xf0) >> 2):4] = 0x47455420", "udp[4:2] > 100", "ether[12:2] = 0x800", "ip6[6] = 6", "icmp[icmptype] = icmp-echo",
	// tcpdump checks the protocol of the leftmost value only: ip[2:2] - tcp[12] would
	// differ on fragments.
	"tcp[12] - ip[0] != 0", "1 + 2 * 3 = 7", "10 - 4 - 3 = 3", "tcp[2:2] < tcp[0:2]",
	"not tcp", "! udp", "tcp and not port 80", "not tcp and port 53", "tcp or udp and port 80", "(tcp or udp) and port 80", "not (tcp or udp)", "tcp && port 80 || udp", "not not tcp",
	"host 127.0.0.1 and tcp port 80 or 8080", "src 127.0.0.1 or 10.0.0.1", "tcp and src host 127.0.0.1 and dst port 80",
	"vlan", "vlan 100", "vlan and tcp", "vlan 1 and tcp port 80", "tcp or vlan and tcp", "vlan and vlan", "not vlan",
	strings.Repeat("tcp port 1 or ", 60) + "tcp port 80",
}

// packets are frames of Ethernet, from all captures at hand.
func packets(t *testing.T) [][]byte {
	var list [][]byte
	for _, dir := range []string{"../../pcaps", "../../../shared/corpus/captures"} {
		filepath.WalkDir(dir, func(name string, _ os.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(name, ".pcap") {
				return nil
			}
			f, err := os.Open(name)
			if err != nil {
				return nil
			}
			defer f.Close()
			r, err := pcapgo.NewReader(bufio.NewReader(f))
			if err != nil || r.LinkType() != assigned.LinkEthernet {
				return nil
			}
			for range 300 {
				b, _, err := r.ReadPacketData()
				if err != nil {
					break
				}
				list = append(list, b)
			}
			return nil
		})
	}
	if len(list) < 20 {
		t.Fatalf("only %d packets", len(list))
	}
	return list
}

// reference compiles with tcpdump.
func reference(t *testing.T, expr string) *bpf.VM {
	t.Helper()
	out, err := exec.Command("tcpdump", "-y", "EN10MB", "-s", "262144", "-ddd", expr).CombinedOutput()
	if err != nil {
		t.Fatalf("%q: %v: %s", expr, err, out)
	}
	var list []bpf.Instruction
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		f := strings.Fields(line)
		if len(f) != 4 {
			continue
		}
		var n [4]uint64
		for i := range f {
			n[i], _ = strconv.ParseUint(f[i], 10, 32)
		}
		list = append(list, bpf.RawInstruction{Op: uint16(n[0]), Jt: uint8(n[1]), Jf: uint8(n[2]), K: uint32(n[3])}.Disassemble())
	}
	vm, err := bpf.NewVM(list)
	if err != nil {
		t.Fatalf("%q: %v", expr, err)
	}
	return vm
}

func TestAgreesWithTcpdump(t *testing.T) {
	if _, err := exec.LookPath("tcpdump"); err != nil {
		t.Skip("tcpdump is not installed")
	}
	all := packets(t)
	for _, expr := range expressions {
		e, err := Parse(expr)
		if err != nil {
			t.Errorf("%q: %v", expr, err)
			continue
		}
		match, err := e.Matcher(assigned.LinkEthernet)
		if err != nil {
			t.Errorf("%q: %v", expr, err)
			continue
		}
		vm := reference(t, expr)
		for i, b := range all {
			n, err := vm.Run(b)
			if got, want := match(b), err == nil && n > 0; got != want {
				t.Errorf("%q: packet %d: %v, tcpdump %v: %x", expr, i, got, want, b[:min(len(b), 60)])
				break
			}
		}
	}
}

func TestMatches(t *testing.T) {
	syn := append(make([]byte, 12), 8, 0, 0x45, 0, 0, 40, 0, 1, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0x9c, 0x40, 0, 80, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 2, 0, 0, 0, 0, 0, 0)
	tagged := append(append(append([]byte(nil), syn[:12]...), 0x81, 0, 0, 7), syn[12:]...)
	for _, c := range []struct {
		expr   string
		packet []byte
		want   bool
	}{
		{"tcp port 80", syn, true},
		{"tcp port 81", syn, false},
		{"src 10.0.0.1 and dst 10.0.0.2", syn, true},
		{"src 10.0.0.2", syn, false},
		{"tcp[tcpflags] & tcp-syn != 0 and not tcp[tcpflags] & tcp-ack != 0", syn, true},
		{"vlan 7 and tcp port 80", tagged, true},
		{"vlan 8", tagged, false},
		{"tcp", tagged, false},
		{"tcp", syn[:20], false}, // too short to tell
		{"not tcp", syn[:20], false},
	} {
		e, err := Parse(c.expr)
		if err != nil {
			t.Fatalf("%q: %v", c.expr, err)
		}
		match, err := e.Matcher(assigned.LinkEthernet)
		if err != nil {
			t.Fatal(err)
		}
		if got := match(c.packet); got != c.want {
			t.Errorf("%q: %v", c.expr, got)
		}
	}
	// The same packet, on other links.
	for link, head := range map[uint32][]byte{assigned.LinkRaw: nil, assigned.LinkNull: {2, 0, 0, 0}, assigned.LinkSLL: append(make([]byte, 14), 8, 0), assigned.LinkSLL2: append([]byte{8, 0}, make([]byte, 18)...)} {
		e, _ := Parse("tcp dst port 80 and host 10.0.0.2")
		match, err := e.Matcher(link)
		if err != nil {
			t.Fatal(err)
		}
		if p := append(append([]byte(nil), head...), syn[14:]...); !match(p) {
			t.Errorf("link type %d: no match", link)
		}
	}
}

func TestRefused(t *testing.T) {
	for expr, want := range map[string]int{
		"gateway foo": 1, "tcp and": 8, "port 99999": 6, "(tcp": 5, "tcp)": 4, "host example.com": 6, "net 10.0.0.1/8": 5,
		"tcp port": 9, "port 80 81": 9, "tcp[13": 7, "tcp[13:3] = 1": 8, "ip proto 300": 10, "ether proto foo": 13, "not": 4, "$": 1,
		"portrange 80": 11, "icmp port 80": 11, "tcp[0]": 7, "host": 5, "ip host ::1": 9, "and tcp": 1,
	} {
		_, err := Parse(expr)
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%q: %v", expr, err)
			continue
		}
		if e.Column != want {
			t.Errorf("%q: %v, want column %d", expr, err, want)
		}
	}
	if _, err := Parse(strings.Repeat("(", 10000)); err == nil {
		t.Error("nested without end")
	}
}

func TestKernelPrograms(t *testing.T) {
	for _, expr := range expressions {
		if strings.Contains(expr, "ether[") || strings.Contains(expr, "vlan and vlan") {
			continue
		}
		e, err := Parse(expr)
		if err != nil {
			t.Fatal(err)
		}
		for _, target := range []Target{{Any: true, Kernel: true}, {Link: assigned.LinkEthernet, Kernel: true}, {Link: assigned.LinkRaw, Kernel: true}} {
			if p, err := e.Compile(target); err != nil || len(p) == 0 {
				t.Errorf("%q for %+v: %v", expr, target, err)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, e := range expressions {
		f.Add(e, []byte("0123456789abcdef"))
	}
	f.Fuzz(func(t *testing.T, s string, packet []byte) {
		e, err := Parse(s)
		if err != nil {
			var pe *Error
			if !errors.As(err, &pe) || pe.Column < 1 || pe.Column > len(s)+1 {
				t.Fatalf("%v", err)
			}
			return
		}
		if match, err := e.Matcher(assigned.LinkEthernet); err == nil {
			match(packet)
		}
	})
}

// A program takes of a packet that passes what the snap length says, and of another nothing.
func TestSnapLen(t *testing.T) {
	frame := make([]byte, 200)
	copy(frame[12:], []byte{8, 0, 0x45})
	for _, test := range []struct {
		expression    string
		snapLen, want int
	}{{"", 96, 96}, {"ip", 96, 96}, {"ip6", 96, 0}, {"", 0, accepted}, {"ip", 0, accepted}} {
		e, err := Parse(test.expression)
		if err != nil {
			t.Fatal(err)
		}
		list, err := e.instructions(Target{Link: assigned.LinkEthernet, SnapLen: test.snapLen})
		if err != nil {
			t.Fatal(err)
		}
		vm, err := bpf.NewVM(list)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := vm.Run(frame); n != test.want || err != nil {
			t.Errorf("%q, %d bytes: takes %d, %v; want %d", test.expression, test.snapLen, n, err, test.want)
		}
	}
}
