package report_test

import (
	"strings"
	"testing"

	"tcpwarm/analyze/report"
)

func TestAuthority(t *testing.T) {
	for _, x := range []struct {
		name    string
		servers []string
		want    string
	}{
		{"api.example", []string{"10.0.0.1:443"}, "API.EXAMPLE:443"},
		{"", []string{"10.0.0.1:443"}, "10.0.0.1:443"},
		{"", []string{"[2001:db8::1]:443"}, "[2001:DB8::1]:443"},
		{"2001:db8::1", []string{"[2001:db8::1]:443"}, "[2001:DB8::1]:443"},
		{"api.example", []string{"10.0.0.1:443", "10.0.0.2:443"}, "API.EXAMPLE:443 (2 addresses)"},
		{"api.example:443", []string{"10.0.0.9:3128"}, "API.EXAMPLE:443 through 10.0.0.9:3128"},
		{"api.example", []string{"odd"}, "API.EXAMPLE"},
		{"api.example", nil, "API.EXAMPLE"},
		{"", nil, ""},
	} {
		p := &report.Pool{Name: x.name, Server: x.servers}
		if got := p.Authority().Label(strings.ToUpper); got != x.want {
			t.Errorf("%q at %v: %q, want %q", x.name, x.servers, got, x.want)
		}
	}
}
