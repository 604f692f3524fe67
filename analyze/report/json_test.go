package report

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"tcpwarm/analyze/pool"
)

// Writing field by field must not lose a field that is added to Report.
func TestJSONHasEveryField(t *testing.T) {
	r := burstReport()
	r.Unjudged = "no server matches"
	var b bytes.Buffer
	if err := JSON(&b, r); err != nil {
		t.Fatal(err)
	}
	var got map[string]json.RawMessage
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	for f := range reflect.TypeFor[Report]().Fields() {
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
	for name, r := range samples() {
		if name == "hostile" {
			continue // invalid UTF-8 is replaced
		}
		var first, second bytes.Buffer
		if err := JSON(&first, r); err != nil {
			t.Fatal(err)
		}
		var back Report
		if err := json.Unmarshal(first.Bytes(), &back); err != nil {
			t.Fatal(err)
		}
		if err := JSON(&second, &back); err != nil {
			t.Fatal(err)
		}
		if first.String() != second.String() {
			t.Errorf("%s: changed by reading it back", name)
		}
	}
}

// An absent list is an empty one; null is only for what may be null.
func TestJSONNoNull(t *testing.T) {
	r := &Report{Connections: []*Connection{{OpenedBecause: &OpenedBecause{}}}, Pools: []*Pool{{}}, Findings: []Finding{{}}}
	var b, lines bytes.Buffer
	if err := JSON(&b, r); err != nil {
		t.Fatal(err)
	}
	if err := NDJSON(&lines, r); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String()+lines.String(), "null") {
		t.Errorf("null in %s%s", &b, &lines)
	}
	if r.Connections[0].Transactions != nil || r.Pools[0].Causes != nil {
		t.Error("writing changed the report")
	}
	r = &Report{Expectations: []Expectation{{Text: "cold <= 4"}}}
	b.Reset()
	if err := JSON(&b, r); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), `"held": null`) {
		t.Error("an undecided expectation is not null")
	}
}

func TestJSONGolden(t *testing.T) {
	var b bytes.Buffer
	r := missedReport()
	r.Connections[1].OpenedBecause.Confidence = pool.Certain
	if err := JSON(&b, r); err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/missed.json", b.String())
}
