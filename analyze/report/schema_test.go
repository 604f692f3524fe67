package report_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"os"
	"reflect"
	"strings"
	"testing"

	generator "github.com/invopop/jsonschema"
	validator "github.com/santhosh-tekuri/jsonschema/v6"

	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/examined"
	"tcpwarm/analyze/report/jsonreport"
	"tcpwarm/analyze/report/reporttest"
	"tcpwarm/analyze/transaction"
	"tcpwarm/analyze/verdict"
	"tcpwarm/analyze/verdict/explain"
)

var update = flag.Bool("update", false, "rewrite the schema")

// A schema is of the JSON of one type, in a file.
type schema struct {
	id, title string
	of        any
	file      string
	embedded  []byte
}

var (
	ofReport = schema{"urn:tcpwarm:schema:v1", "tcpwarm report, " + report.Schema, &report.Report{}, "schema.json",
		report.SchemaJSON}
	ofExamined = schema{"urn:tcpwarm:schema:challenge:v1", "tcpwarm challenge, " + examined.Schema, &examined.Report{},
		"examined/schema.json", examined.SchemaJSON}
)

// generate makes the schema from the structs and their comments. Fields that are
// not listed stay allowed: v1 grows by additions, and an old schema must accept
// a newer report.
func generate(t *testing.T, of schema) []byte {
	t.Helper()
	r := &generator.Reflector{
		AllowAdditionalProperties: true,
		Mapper:                    mapType,
	}
	if err := r.AddGoComments("tcpwarm/analyze/report", "./"); err != nil {
		t.Fatal(err)
	}
	s := r.Reflect(of.of)
	s.ID = generator.ID(of.id)
	s.Title = of.title
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(b, '\n')
}

// mapType describes the types whose JSON is not that of their kind.
func mapType(t reflect.Type) *generator.Schema {
	switch t {
	case reflect.TypeFor[report.Instant]():
		return &generator.Schema{Type: "string", Format: "date-time"}
	case reflect.TypeFor[report.Seconds]():
		return &generator.Schema{Type: "number", Description: "seconds"}
	case reflect.TypeFor[pool.Verdict]():
		return oneOf(pool.NotReused, pool.PartlyReused, pool.ServerPrevents, pool.NotKnown, pool.Reused, pool.NoOpportunity)
	case reflect.TypeFor[verdict.Outcome]():
		return oneOf(verdict.Passed, verdict.Failed, verdict.Undecided)
	case reflect.TypeFor[examined.Verdict]():
		return oneOf(examined.Passed, examined.Failed, examined.NotKnown, examined.Declined, examined.LeftOut)
	case reflect.TypeFor[examined.Evidence]():
		return oneOf(examined.OnTheWire, examined.ServersView)
	case reflect.TypeFor[pool.Confidence]():
		return oneOf(pool.Certain, pool.Likely, pool.Hint)
	case reflect.TypeFor[transaction.Basis]():
		return oneOf(transaction.Parsed, transaction.Decrypted, transaction.Inferred, transaction.NoBasis)
	case reflect.TypeFor[report.Vantage]():
		return oneOf(report.AtClient, report.AtServer, report.InTheMiddle, report.AtBoth, report.UnknownVantage)
	case reflect.TypeFor[pool.Cause]():
		var causes []string
		for _, avoidable := range []bool{false, true} {
			for _, e := range explain.Entries() {
				if e.Kind == explain.IsCause && pool.Cause(e.ID).Avoidable() == avoidable {
					causes = append(causes, e.ID)
				}
			}
		}
		return oneOf(causes...)
	case reflect.TypeFor[report.ByLimit[float64]]():
		return &generator.Schema{Type: "object", AdditionalProperties: &generator.Schema{Type: "number"}}
	case reflect.TypeFor[report.ByLimit[int64]]():
		return &generator.Schema{Type: "object", AdditionalProperties: &generator.Schema{Type: "integer"}}
	case reflect.TypeFor[map[pool.Cause]int64]():
		return &generator.Schema{Type: "object", Description: "cause to count",
			AdditionalProperties: &generator.Schema{Type: "integer"}}
	}
	return nil
}

// oneOf is a schema that allows one of some words.
func oneOf[T ~string](all ...T) *generator.Schema {
	s := &generator.Schema{Type: "string"}
	for _, w := range all {
		s.Enum = append(s.Enum, string(w))
	}
	return s
}

func TestSchemaGenerated(t *testing.T) {
	for _, s := range []schema{ofReport, ofExamined} {
		got := generate(t, s)
		if *update { // the embedded one is that of the build
			if err := os.WriteFile(s.file, got, 0o666); err != nil {
				t.Fatal(err)
			}
		} else if !bytes.Equal(got, s.embedded) {
			t.Errorf("%s is not that of the structs: rewrite it with -update, additions only", s.file)
		}
	}
}

// compile makes a validator of the schema, or of one of its definitions.
func compile(t *testing.T, of schema, at string) *validator.Schema {
	t.Helper()
	doc, err := validator.UnmarshalJSON(bytes.NewReader(generate(t, of)))
	if err != nil {
		t.Fatal(err)
	}
	c := validator.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource(of.id, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(of.id + at)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func validate(t *testing.T, s *validator.Schema, r io.Reader) {
	t.Helper()
	doc, err := validator.UnmarshalJSON(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(doc); err != nil {
		t.Error(err)
	}
}

func TestJSONValid(t *testing.T) {
	s := compile(t, ofReport, "")
	for name, r := range reporttest.Samples() {
		t.Run(name, func(t *testing.T) {
			if name == "hostile" { // its confidence is no word of the schema
				r.Findings[0].Confidence = pool.Hint
			}
			if name == "empty" {
				r.Capture.Vantage = report.UnknownVantage
			}
			var b bytes.Buffer
			if err := jsonreport.Write(&b, r); err != nil {
				t.Fatal(err)
			}
			validate(t, s, &b)
		})
	}
}

// A schema that accepts everything would pass the test above.
func TestSchemaRefuses(t *testing.T) {
	s := compile(t, ofReport, "")
	var b bytes.Buffer
	if err := jsonreport.Write(&b, reporttest.Missed()); err != nil {
		t.Fatal(err)
	}
	for old, wrong := range map[string]string{
		`"verdict": "not-reused"`:         `"verdict": "fine"`,
		`"files": [`:                      `"fils": [`,
		`"wait_s": 0.0008`:                `"wait_s": "0.0008"`,
		`"start": "2026-03-01T12:00:00Z"`: `"start": "noon"`,
		`"transaction_count": 1`:          `"transaction_count": -0.5`,
		`"cause": "missed"`:               `"cause": "bad-luck"`,
	} {
		text := strings.ReplaceAll(b.String(), old, wrong)
		if text == b.String() {
			t.Errorf("%s: not in the report", old)
			continue
		}
		doc, err := validator.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if s.Validate(doc) == nil {
			t.Errorf("%s was accepted", wrong)
		}
	}
}

// What came of many scenarios has a schema of its own, which refuses what is none of it.
func TestExaminedSchema(t *testing.T) {
	s := compile(t, ofExamined, "")
	held := true
	r := &examined.Report{Schema: examined.Schema, Args: []string{"curl"}, Evidence: examined.ServersView, Because: "no right",
		Problem: "interrupted", Outcome: verdict.Failed, Rows: []*examined.Row{
			{Scenario: "chunked", Verdict: examined.Failed, Requests: 4, Connections: 4, Needed: 1, NeededHigh: 2, Cause: "missed",
				Knob: "one", Why: "so", About: "chunks", Client: "curl/8", Exit: -1,
				Expectations: []report.Expectation{{Text: "connections<=1", Held: &held, Measured: "4"}}},
			{Scenario: "head", Verdict: examined.LeftOut},
		}}
	var b bytes.Buffer
	if err := jsonreport.WriteExamined(&b, r); err != nil {
		t.Fatal(err)
	}
	validate(t, s, bytes.NewReader(b.Bytes()))
	for old, wrong := range map[string]string{
		`"verdict": "left-out"`: `"verdict": "fine"`,
		`"evidence": "server"`:  `"evidence": "hearsay"`,
		`"outcome": "failed"`:   `"outcome": "done"`,
		`"scenarios": [`:        `"scenario": [`,
		`"requests": 4`:         `"requests": "4"`,
	} {
		text := strings.Replace(b.String(), old, wrong, 1)
		if text == b.String() {
			t.Errorf("%s: not in the report", old)
		} else if doc, err := validator.UnmarshalJSON(strings.NewReader(text)); err != nil || s.Validate(doc) == nil {
			t.Errorf("%s was accepted (%v)", wrong, err)
		}
	}
}

func TestNDJSONValid(t *testing.T) {
	of := map[string]*validator.Schema{
		"connection": compile(t, ofReport, "#/$defs/Connection"),
		"pool":       compile(t, ofReport, "#/$defs/Pool"),
		"finding":    compile(t, ofReport, "#/$defs/Finding"),
	}
	var b bytes.Buffer
	if err := jsonreport.WriteLines(&b, reporttest.Burst()); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	for i, line := range lines {
		var head struct{ Type, Schema, Verdict string }
		if err := json.Unmarshal([]byte(line), &head); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(line, `{"type":`) {
			t.Errorf("line %d does not begin with its type", i+1)
		}
		if last := i == len(lines)-1; last != (head.Type == "capture") {
			t.Errorf("line %d of %d is a %s", i+1, len(lines), head.Type)
		} else if last {
			if head.Schema != report.Schema || head.Verdict != "partly-reused" {
				t.Errorf("last line: %s", line)
			}
			continue
		}
		validate(t, of[head.Type], strings.NewReader(line))
	}
}
