package jsonreport

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"reflect"
	"strings"
	"testing"
	"unicode"

	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/reporttest"
)

// Writing field by field must not lose a field that is added to Report.
func TestJSONHasEveryField(t *testing.T) {
	r := reporttest.Burst()
	r.Unjudged = "no server matches"
	var b bytes.Buffer
	if err := Write(&b, r); err != nil {
		t.Fatal(err)
	}
	var got map[string]json.RawMessage
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	for f := range reflect.TypeFor[report.Report]().Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if _, ok := got[name]; !ok {
			t.Errorf("%s is not written", name)
		}
		delete(got, name)
	}
	for name := range got {
		t.Errorf("%s is no field of Report", name)
	}
}

// What is written reads back as the same report: compare reads reports.
func TestJSONRoundTrip(t *testing.T) {
	for name, r := range reporttest.Samples() {
		if name == "hostile" {
			continue // invalid UTF-8 is replaced
		}
		var first, second bytes.Buffer
		if err := Write(&first, r); err != nil {
			t.Fatal(err)
		}
		back, err := Read(bytes.NewReader(first.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		if err := Write(&second, back); err != nil {
			t.Fatal(err)
		}
		if first.String() != second.String() {
			t.Errorf("%s: changed by reading it back", name)
		}
	}
}

// A terminal that a report is shown on finds nothing to obey in it, nor what hides.
func TestJSONIsPrintable(t *testing.T) {
	for form, write := range map[string]func(io.Writer, *report.Report) error{"one object": Write, "lines": WriteLines} {
		var b bytes.Buffer
		if err := write(&b, reporttest.Hostile()); err != nil {
			t.Fatal(err)
		}
		for _, r := range b.String() {
			if r != '\n' && !unicode.IsPrint(r) {
				t.Errorf("%s: %U is written", form, r)
				break
			}
		}
	}
	// What hides in the sample is read as it was.
	var b bytes.Buffer
	r := reporttest.Missed()
	r.Pools[0].UserAgent = strings.ToValidUTF8(reporttest.HostileText, "")
	if err := Write(&b, r); err != nil {
		t.Fatal(err)
	}
	back, err := Read(&b)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := back.Pools[0].UserAgent, r.Pools[0].UserAgent; got != want {
		t.Errorf("read back as %q, not as %q", got, want)
	}
}

// An absent list is an empty one; null is only for what may be null.
func TestJSONNoNull(t *testing.T) {
	r := &report.Report{Connections: []*report.Connection{{OpenedBecause: &report.OpenedBecause{}}}, Pools: []*report.Pool{{}}, Findings: []report.Finding{{}}}
	var b, lines bytes.Buffer
	if err := Write(&b, r); err != nil {
		t.Fatal(err)
	}
	if err := WriteLines(&lines, r); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String()+lines.String(), "null") {
		t.Errorf("null in %s%s", &b, &lines)
	}
	if r.Connections[0].Transactions != nil || r.Pools[0].Causes != nil {
		t.Error("writing changed the report")
	}
	r = &report.Report{Expectations: []report.Expectation{{Text: "cold <= 4"}}}
	b.Reset()
	if err := Write(&b, r); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), `"held": null`) {
		t.Error("an undecided expectation is not null")
	}
}

// What is no report, or of another schema, is refused.
func TestReadRefuses(t *testing.T) {
	for _, text := range []string{"", "{", `{"schema": "tcpwarm/v2"}`, "{}", "[]"} {
		if r, err := Read(strings.NewReader(text)); err == nil {
			t.Errorf("%q gives %+v", text, r)
		}
	}
}

// Another's report may have more of a window than ours have: some of it is shown.
func TestReadThinsWindows(t *testing.T) {
	r := reporttest.Missed()
	w := &report.HalfWindow{Phases: make([]report.WindowPhase, 100_000)}
	for i := range int64(100_000) {
		w.Growth = append(w.Growth, i)
	}
	r.Connections[0].ServerToClient.Window = w
	var b bytes.Buffer
	if err := Write(&b, r); err != nil {
		t.Fatal(err)
	}
	back, err := Read(&b)
	if err != nil {
		t.Fatal(err)
	}
	got := back.Connections[0].ServerToClient.Window
	if n := len(got.Growth); n != mostParts || got.Growth[0] != 0 || got.Growth[n-1] < 99_000 || len(got.Phases) != mostParts {
		t.Errorf("%d values, %d phases", n, len(got.Phases))
	}
}

var update = flag.Bool("update", false, "rewrite the golden file")

func TestJSONGolden(t *testing.T) {
	var b bytes.Buffer
	r := reporttest.Missed()
	r.Connections[1].OpenedBecause.Confidence = pool.Certain
	if err := Write(&b, r); err != nil {
		t.Fatal(err)
	}
	const file = "testdata/missed.json"
	if *update {
		if err := os.WriteFile(file, b.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.Bytes(), want) {
		t.Errorf("%s differs (rewrite with -update). Got:\n%s", file, b.String())
	}
}

type brokenWriter struct{}

var errBroken = errors.New("broken")

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

// A full disk must not look like a written report.
func TestWriteError(t *testing.T) {
	for name, write := range map[string]func(io.Writer, *report.Report) error{"one object": Write, "lines": WriteLines} {
		if err := write(brokenWriter{}, reporttest.Missed()); !errors.Is(err, errBroken) {
			t.Errorf("%s: got error %v", name, err)
		}
	}
}
