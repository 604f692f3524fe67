package againsttshark

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// A wireshark is a process of sharkd, which is tshark that answers questions: tshark itself takes longer to start than
// for most captures.
type wireshark struct {
	in  io.Writer
	out *bufio.Reader
	id  int
}

// idle are processes that wait for the next capture.
var idle = make(chan *wireshark, 64)

// withWireshark calls f with a process that has read a capture, with the secrets of keys, "" for none. It skips t where
// there is none.
func withWireshark(t *testing.T, name, keys string, f func(*wireshark)) {
	t.Helper()
	var w *wireshark
	select {
	case w = <-idle:
	default:
		w = newWireshark(t)
	}
	for _, conf := range [][2]string{{"tcp.reassemble_out_of_order", "TRUE"}, {"tls.keylog_file", absolute(keys)}} {
		if err := w.ask("setconf", map[string]any{"name": conf[0], "value": conf[1]}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.ask("load", map[string]any{"file": absolute(name)}, nil); err != nil {
		t.Fatal(err)
	}
	f(w)
	idle <- w
}

func absolute(name string) string {
	if name != "" {
		name, _ = filepath.Abs(name)
	}
	return name
}

// needsWireshark skips t where it is not here.
func needsWireshark(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("sharkd"); err != nil {
		t.Skip("sharkd, which comes with tshark, is not here")
	}
	if testing.Short() {
		t.Skip("short")
	}
}

func newWireshark(t *testing.T) *wireshark {
	t.Helper()
	c := exec.Command("sharkd", "-") // it ends with its standard input, and so with the tests
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	return &wireshark{in: in, out: bufio.NewReader(out)}
}

// ask asks a question, and reads the answer.
func (w *wireshark) ask(method string, params map[string]any, answer any) error {
	w.id++
	line, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": w.id, "method": method, "params": params})
	if err != nil {
		return err
	}
	if _, err := w.in.Write(append(line, '\n')); err != nil {
		return err
	}
	for {
		line, err := w.out.ReadBytes('\n')
		if err != nil {
			return err
		}
		var got struct {
			ID     int
			Result json.RawMessage
			Error  *struct{ Message string }
		}
		if json.Unmarshal(line, &got) != nil || got.ID != w.id { // what it tells beside
			continue
		}
		if got.Error != nil {
			return fmt.Errorf("%s: %s", method, got.Error.Message)
		}
		if answer == nil {
			return nil
		}
		return json.Unmarshal(got.Result, answer)
	}
}

// frames calls f with the fields of each packet.
func (w *wireshark) frames(f func([]string)) {
	params := map[string]any{}
	for i, field := range counted {
		params["column"+strconv.Itoa(i)] = field + ":0" // all of a kind that a packet has
	}
	var all []struct{ C []string }
	if w.ask("frames", params, &all) != nil { // there are none
		return
	}
	for _, one := range all {
		f(one.C)
	}
}

// A followed is what the sides of a connection have sent.
type followed struct {
	Payloads []struct {
		Data       []byte `json:"d"`
		FromServer int    `json:"s"`
	}
}

// follow returns what connection i has carried in TLS.
func (w *wireshark) follow(i int) (x followed) {
	w.ask("follow", map[string]any{"follow": "TLS", "filter": fmt.Sprintf("tcp.stream==%d", i)}, &x) // else it is empty
	return x
}

// countedByStream returns the requests and final responses on each connection.
func countedByStream(t *testing.T, name string) map[int][2]int {
	all := map[int][2]int{}
	withWireshark(t, name, "", func(w *wireshark) {
		w.frames(func(f []string) {
			var n counts
			n.add(f, map[string]bool{})
			stream, _ := strconv.Atoi(strings.TrimSpace(f[0]))
			sum := all[stream]
			all[stream] = [2]int{sum[0] + n.requests, sum[1] + n.responses}
		})
	})
	return all
}
