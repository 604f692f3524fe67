package http1

import (
	"strings"
	"testing"
)

// readFields returns what a request, or a response, with these field lines is said to be.
func readFields(t *testing.T, request bool, fields string) string {
	t.Helper()
	start := "HTTP/1.1 200 OK\n"
	if request {
		start = "POST / HTTP/1.1\n"
	}
	r := new(recorder)
	New(request, r).Feed([]byte(start+fields+"\n\n"), at(1))
	if len(r.events) == 0 {
		t.Fatalf("%q: no head", fields)
	}
	said, _, _ := strings.Cut(r.events[0], " [")
	return strings.TrimSpace(strings.TrimPrefix(strings.TrimPrefix(said, "200 1.1"), "POST / 1.1"))
}

func TestFields(t *testing.T) {
	for _, x := range []struct{ rule, fields, want string }{
		{"RFC 9110 section 5.1: names in any case", "AUTHORIZATION: ntlm x\nhOsT: a", `host="a" binds`},
		{"RFC 9110 section 5.3: the first of several counts", "Host: a\nHost: b", `host="a"`},
		{"a name as long as one that is read is none", "Tag: x\nCost: x\nAccept: 100-continue\nTrailer: x\nAccept-Foo: x\nAccept-Patch: x", ``},
		{"they are these", "Via: v\nUpgrade: u\nUser-Agent: a\nContent-Type: t", `type="t" upgrade="u" agent="a" via="v"`},

		{"RFC 9110 section 5.6.1: an element may be empty", "Connection: ,close", `connection=",close" close`},
		{"and all of them", "Connection: ,", `connection=","`},

		{"RFC 9110 section 10.1.1: a request may expect 100-continue", "Expect: 100-continue", `expects`},
		{"and, on a second line, something else", "Expect: 100-continue\nExpect: x", `expects`},
		{"other expectations are none", "Expect: x", ``},

		{"RFC 4559 section 6: NTLM authenticates the connection", "Authorization: NTLM abc", `binds`},
		{"so does Negotiate", "Authorization: Negotiate abc", `binds`},
		{"and before a proxy", "Proxy-Authorization: negotiate abc", `binds`},
		{"without a token, too", "Authorization: NTLM", `binds`},
		{"whatever else authenticates the request", "Authorization: NTLM abc\nProxy-Authorization: Basic abc", `binds`},
		{"other schemes do not", "Authorization: Basic abc\nProxy-Authorization: Bearer ntlm", ``},

		{"RFC 2068 section 19.7.1.1: the timeout among parameters", "Keep-Alive: timeout=15, max=100", `hint="timeout=15, max=100" timeout=15`},
		{"it may be quoted", `Keep-Alive: timeout="15"`, `hint="timeout=\"15\"" timeout=15`},
		{"and 0", "Keep-Alive: timeout=0", `hint="timeout=0" timeout=0`},
		{"a parameter without a value is none", "Keep-Alive: timeout, 5", `hint="timeout, 5"`},
		{"what is no number changes nothing", "Keep-Alive: timeout=5, timeout=x", `hint="timeout=5, timeout=x" timeout=5`},
		{"as many seconds as 31 bits hold", "Keep-Alive: timeout=2147483647", `hint="timeout=2147483647" timeout=2147483647`},
		{"and no more", "Keep-Alive: timeout=2147483648", `hint="timeout=2147483648"`},

		{"RFC 9110 section 8.6: a length that is no lie", "Content-Length: 1152921504606846976", `length=1152921504606846976`},
		{"more than any body has", "Content-Length: 1152921504606846980", ``},
		{"no digits", "Content-Length: -1", ``},
		{"no length at all", "Content-Length:", ``},
	} {
		if got := readFields(t, true, x.fields); got != x.want {
			t.Errorf("%s: %q is %s; want %s", x.rule, x.fields, got, x.want)
		}
	}
}

// The last transfer coding decides how a response ends (RFC 9112 section 6.3).
func TestTransferCodings(t *testing.T) {
	for _, x := range []struct{ coding, want string }{
		{"chunked", "chunked length=5"},
		{"gzip, chunked", "chunked length=5"},
		{",chunked", "chunked length=5"}, // an empty element (RFC 9110 section 5.6.1)
		{"chunked, gzip", "until-close length=5"},
		{"gzip", "until-close length=5"},
		{"identity", "length=5"}, // none, in RFC 2616 section 3.6
		{"", "length=5"},
	} {
		if got := readFields(t, false, "Content-Length: 5\nTransfer-Encoding: "+x.coding); got != x.want {
			t.Errorf("%q: %s; want %s", x.coding, got, x.want)
		}
	}
}
