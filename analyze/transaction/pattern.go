package transaction

import (
	"bytes"
	"fmt"
	"strings"

	"tcpwarm/analyze/nearest"
)

// A Pattern picks transactions by their target or their method.
type Pattern struct {
	method bool
	value  string
	prefix bool // what begins with value will do
}

// ParsePattern takes target=VALUE or method=VALUE; a * at the end of VALUE stands for
// anything. A target is also met without its query.
func ParsePattern(s string) (Pattern, error) {
	field, value, _ := strings.Cut(s, "=")
	p := Pattern{method: field == "method"}
	p.value, p.prefix = strings.CutSuffix(value, "*")
	if !p.method && field != "target" || value == "" {
		suggestion := ""
		if !p.method && field != "target" {
			suggestion = nearest.Suggest(field, []string{"target", "method"})
		}
		return p, fmt.Errorf("%q picks no transactions: it is target=VALUE or method=VALUE%s", s, suggestion)
	}
	return p, nil
}

// match reports whether p picks a transaction.
func (p *Pattern) match(method string, target []byte) bool {
	if p.method {
		return p.is([]byte(method))
	}
	path, _, _ := bytes.Cut(target, []byte("?"))
	return p.is(target) || p.is(path)
}

func (p *Pattern) is(b []byte) bool {
	return string(b) == p.value || p.prefix && len(b) > len(p.value) && string(b[:len(p.value)]) == p.value
}

// Patterns pick what any of them does.
type Patterns []Pattern

func (p Patterns) match(method string, target []byte) bool {
	for i := range p {
		if p[i].match(method, target) {
			return true
		}
	}
	return false
}
