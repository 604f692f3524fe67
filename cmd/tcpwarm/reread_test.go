package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"

	"tcpwarm/analyze/report/comments"
	"tcpwarm/analyze/report/compare"
	"tcpwarm/analyze/report/jsonreport"
	"tcpwarm/analyze/report/text"
)

// A report may come from another program, or from an enemy: with any value of it at an extreme, missing or of
// another kind it is refused or written, in each form, and compared.
func TestReportsOfOthers(t *testing.T) {
	if testing.Short() {
		t.Skip("short: it meets no other goroutine, which is what the race detector looks for")
	}
	for _, name := range []string{"axios-two-agents", "path-warm"} {
		var b bytes.Buffer
		if code := run(t.Context(), []string{"analyze", "--format", "json", "../../pcaps/" + name + ".pcap"}, nil, &b, io.Discard); code != exitOK {
			t.Fatalf("%s: exit code %d", name, code)
		}
		var whole any
		if err := json.Unmarshal(b.Bytes(), &whole); err != nil {
			t.Fatal(err)
		}
		addKernelWindows(whole)
		shown, refused := 0, 0
		alter(whole, name, func(what string) {
			altered, err := json.Marshal(whole)
			if err != nil {
				t.Fatal(err)
			}
			if showEach(t, what, altered) {
				shown++
			} else {
				refused++
			}
		})
		if shown < 500 || refused < 60 {
			t.Errorf("%s: %d are shown, %d refused", name, shown, refused)
		}
	}
}

// addKernelWindows adds to each window of a report what a kernel would have said of it.
func addKernelWindows(whole any) {
	for _, c := range whole.(map[string]any)["connections"].([]any) {
		half := c.(map[string]any)["server_to_client"].(map[string]any)
		if w, ok := half["window"].(map[string]any); ok {
			half["kernel_window"] = map[string]any{"basis": "kernel", "algorithm": "cubic", "answers": 3., "segment_bytes": 1448.,
				"first_bytes": w["initial_bytes"], "min_bytes": w["initial_bytes"], "max_bytes": w["max_bytes"],
				"last_bytes": w["last_bytes"], "slow_start_threshold_bytes": w["max_bytes"]}
		}
	}
}

// alter gives each value below v others, one at a time, and calls changed with what is changed.
func alter(v any, path string, changed func(what string)) {
	each := func(path string, old any, set func(any)) {
		for _, x := range others(old) {
			set(x)
			changed(fmt.Sprintf("%s: %.40v", path, x))
		}
		set(old)
		alter(old, path, changed)
	}
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			if k != "schema" {
				each(path+"."+k, v[k], func(x any) { v[k] = x })
			}
		}
	case []any:
		for i := range v {
			each(fmt.Sprintf("%s[%d]", path, i), v[i], func(x any) { v[i] = x })
		}
	}
}

// others are values that could stand in place of old.
func others(old any) []any {
	switch old := old.(type) {
	case float64:
		return []any{json.Number("-9223372036854775808"), json.Number("9223372036854775807"), "NaN"}
	case string:
		return []any{"", "2262-04-11T23:47:16.854775807Z", strings.Repeat("</script>\u202e\u009b\u007f\x1b", 300), nil}
	case bool:
		return []any{!old}
	case []any:
		return []any{nil, []any{}, []any{nil}, append(append([]any{}, old...), old...)}
	}
	return []any{nil, map[string]any{}}
}

// showEach writes a report in each form, and reports whether it was read.
func showEach(t *testing.T, what string, report []byte) bool {
	defer func() {
		if p := recover(); p != nil {
			t.Errorf("%s: %v", what, p)
		}
	}()
	r, err := jsonreport.Read(bytes.NewReader(report))
	if err != nil {
		return false
	}
	var o output
	as := text.Options{Width: 80, Limit: 10, All: true}
	for _, kind := range []string{"text", "json", "junit", "github", "html", "perfetto"} {
		var b bytes.Buffer
		if err := o.writeAs(kind, &b, r, as); err != nil {
			t.Errorf("%s: as %s: %v", what, kind, err)
		}
		checkTame(t, what, kind, b.String())
	}
	for packet := range int64(30) {
		for _, s := range comments.Of(r).Packet(packet) {
			checkTame(t, what, "comment", s)
		}
	}
	checkTame(t, what, "comments", comments.Of(r).Summary())
	c := compare.Between(r, r, 0)
	for _, kind := range []string{"text", "json", "junit", "github"} {
		var b bytes.Buffer
		if err := writeComparisonAs(kind, &b, c, as); err != nil {
			t.Errorf("%s: compared, as %s: %v", what, kind, err)
		}
		checkTame(t, what, "compared, "+kind, b.String())
	}
	return true
}

// checkTame holds what is written to having nothing that a terminal obeys, and no markup but the page's own.
func checkTame(t *testing.T, what, kind, written string) {
	t.Helper()
	controls := "\u202e\u009b\u007f\x1b"
	if kind == "perfetto" { // its numbers are bytes
		controls = "\u202e"
	}
	if strings.ContainsAny(written, controls) {
		t.Errorf("%s: a control character in %s", what, kind)
	}
	n := strings.Count(written, "</script")
	if kind == "html" && n != 2 || n > 0 && strings.HasSuffix(kind, "junit") {
		t.Errorf("%s: %d ends of scripts in %s", what, n, kind)
	}
}
