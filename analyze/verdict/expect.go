package verdict

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"tcpwarm/analyze/nearest"
)

// An Interval is a measured value: exact if Low equals High, else only bounded.
type Interval struct{ Low, High float64 }

// Exactly returns the interval that holds only n.
func Exactly(n float64) Interval { return Interval{n, n} }

// String prints i as a number, or as "low to high"; in words where nothing was measured.
func (i Interval) String() string {
	if i == unmeasured {
		return "nothing to measure"
	}
	low := strconv.FormatFloat(i.Low, 'g', -1, 64)
	if i.Low == i.High {
		return low
	}
	if math.IsInf(i.High, 1) {
		return low + " or more"
	}
	return low + " to " + strconv.FormatFloat(i.High, 'g', -1, 64)
}

// Metrics are the names an expectation may use.
var Metrics = []string{"connections", "used", "unused", "transactions", "reused", "reuse", "needed", "avoidable",
	"warm", "cold", "cooled", "findings", "unread"}

// An Expectation demands that a metric stands in a relation to a value.
type Expectation struct {
	Metric, Op string
	Value      float64
}

// operators, the longer first: a prefix must not win.
var operators = []string{"<=", "==", "!=", ">=", "<", ">"}

// mistyped finds what people write for an operator, meant is the operator.
var (
	mistyped = regexp.MustCompile(`(=<|=>|<>|=!|===)|^[^<>=!]*(=)[^<>=!]*$`)
	meant    = map[string]string{"=<": "<=", "=>": ">=", "<>": "!=", "=!": "!=", "===": "==", "=": "=="}
)

// ParseExpectation reads METRIC OP VALUE, such as connections<=2. Spaces are
// free.
func ParseExpectation(text string) (Expectation, error) {
	if m := mistyped.FindStringSubmatch(text); m != nil {
		op := m[1] + m[2]
		return Expectation{}, fmt.Errorf("expectation %q: no operator %q; did you mean %s?", text, op, meant[op])
	}
	for _, op := range operators {
		metric, value, ok := strings.Cut(text, op)
		if !ok {
			continue
		}
		e := Expectation{Metric: strings.TrimSpace(metric), Op: op}
		if !isMetric(e.Metric) {
			return e, fmt.Errorf("expectation %q: unknown metric %q; known are %s%s",
				text, e.Metric, strings.Join(Metrics, " "), nearest.Suggest(e.Metric, Metrics))
		}
		v, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil || v != v {
			return e, fmt.Errorf("expectation %q: %q is not a number", text, strings.TrimSpace(value))
		}
		e.Value = v
		return e, nil
	}
	return Expectation{}, fmt.Errorf("expectation %q: no operator; use one of %s", text, strings.Join(operators, " "))
}

func isMetric(name string) bool {
	for _, m := range Metrics {
		if m == name {
			return true
		}
	}
	return false
}

// String prints e as users write it.
func (e Expectation) String() string {
	return e.Metric + " " + e.Op + " " + strconv.FormatFloat(e.Value, 'g', -1, 64)
}

// Holds reports whether e holds for all of i (true), for none of it (false), or
// cannot be decided (ok false).
func (e Expectation) Holds(i Interval) (held, ok bool) {
	v := e.Value
	all, none := false, false
	switch e.Op {
	case "<=":
		all, none = i.High <= v, i.Low > v
	case "<":
		all, none = i.High < v, i.Low >= v
	case ">=":
		all, none = i.Low >= v, i.High < v
	case ">":
		all, none = i.Low > v, i.High <= v
	case "==":
		all, none = i.Low == v && i.High == v, v < i.Low || v > i.High
	case "!=":
		all, none = v < i.Low || v > i.High, i.Low == v && i.High == v
	}
	return all, all || none
}
