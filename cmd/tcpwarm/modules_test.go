package main

import (
	"os/exec"
	"strings"
	"testing"
)

// bubbletea is for what needs its module.
const bubbletea = "bubbletea's: "

// linked are the modules in the binary, and why: whoever runs it as root runs them too.
var linked = map[string]string{
	"charm.land/bubbletea/v2":               "the terminal of a capture that goes on: keys, sizes, drawing what has changed",
	"github.com/charmbracelet/colorprofile": bubbletea + "which colours a terminal has",
	"github.com/charmbracelet/ultraviolet":  bubbletea + "cells of the screen, and keys",
	"github.com/charmbracelet/x/ansi":       bubbletea + "control sequences",
	"github.com/charmbracelet/x/term":       bubbletea + "raw mode",
	"github.com/charmbracelet/x/termios":    bubbletea + "raw mode",
	"github.com/charmbracelet/x/windows":    bubbletea + "the console of Windows",
	"github.com/clipperhouse/displaywidth":  bubbletea + "columns of a character",
	"github.com/clipperhouse/uax29/v2":      bubbletea + "characters of several code points",
	"github.com/lucasb-eyer/go-colorful":    bubbletea + "the nearest colour that there is",
	"github.com/mattn/go-runewidth":         bubbletea + "columns of a character",
	"github.com/muesli/cancelreader":        bubbletea + "to stop reading keys",
	"github.com/rivo/uniseg":                bubbletea + "characters of several code points",
	"github.com/xo/terminfo":                bubbletea + "what a terminal can do",
	"golang.org/x/sync":                     bubbletea + "groups of goroutines",
	"github.com/cilium/ebpf":                "verify tells the command's connections by cgroup and eBPF",
	"github.com/cpuguy83/go-md2man/v2":      "cobra writes the manual pages with it",
	"github.com/google/gopacket":            "link layers and tunnels off the fast path",
	"github.com/inconshreveable/mousetrap":  "cobra, on Windows",
	"github.com/klauspost/compress":         "captures in zstd",
	"github.com/russross/blackfriday/v2":    "go-md2man reads Markdown with it",
	"github.com/spf13/cobra":                "commands, completion, manual pages",
	"github.com/spf13/pflag":                "flags",
	"go.yaml.in/yaml/v3":                    "cobra's package of manual pages, which can write YAML too",
	"golang.org/x/crypto":                   "ChaCha20-Poly1305 and HKDF of TLS",
	"golang.org/x/net":                      "HPACK, and BPF programs of filters",
	"golang.org/x/sys":                      "sockets, namespaces and files of Unix",
	"golang.org/x/text":                     "names in x/net's HTTP/2, which challenge's server speaks",
	"golang.org/x/term":                     "how wide a terminal is",
	"google.golang.org/protobuf":            "fields of Perfetto's traces (its package of the wire format)",
}

// A module that gets into the binary, for whatever system, stands in the list with a reason, and
// one that has left it does not.
func TestLinkedModules(t *testing.T) {
	if testing.Short() {
		t.Skip("short")
	}
	found := map[string]string{}
	for _, system := range []string{"linux", "darwin", "freebsd", "windows"} {
		cmd := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", ".")
		cmd.Env = append(cmd.Environ(), "GOOS="+system, "GOARCH=amd64", "CGO_ENABLED=0")
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		for path := range strings.FieldsSeq(string(out)) {
			if path != "tcpwarm" {
				found[path] = "is linked for " + system
			}
		}
	}
	complain(t, found, linked)

	binary, err := builtOnce()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("go", "version", "-m", binary).Output()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(out)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "dep" {
			n++
			if linked[f[1]] == "" {
				t.Errorf("%s is in the binary: give a reason", f[1])
			}
		}
	}
	if n < 5 {
		t.Errorf("%d modules in the binary\n%s", n, out)
	}
}
