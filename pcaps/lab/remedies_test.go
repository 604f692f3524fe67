package main

import (
	"slices"
	"strconv"
	"testing"

	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/verdict/explain"
)

// ownKnobs are the libraries whose knobs are a client's own, as explain names them.
var ownKnobs = map[string][]string{
	"node18": {"node http"}, "http2": {"node http2"}, "node": {"node http"}, "node24": {"node http"},
	"axios18": {"node axios", "node/axios"}, "axios": {"node/axios", "node http"},
	"request18": {"node request"}, "request": {"node request", "node http"},
	"agentkeepalive": {"node agentkeepalive", "node http"},
	"superagent":     {"node superagent", "node http"},
	"got":            {"node http", "node/axios"}, "node-fetch": {"node http", "node/axios"},
	"undici": {"node undici", "node undici, fetch"}, "undici8": {"node undici", "node undici, fetch"},
	"fetch": {"node undici", "node undici, fetch"}, "fetch24": {"node undici", "node undici, fetch"}, "ky": {"node undici"},
	"reqwest": {"rust reqwest"}, "reqwest12": {"rust reqwest"}, "reqwest11": {"rust reqwest"},
	"hyper": {"rust hyper-util", "rust hyper"}, "hyper14": {"rust hyper-util", "rust hyper"}, "ureq": {"rust ureq"},
	"chromium": {"browser"}, "go": {"go net/http"}, "resty": {"go resty"}, "fasthttp": {"go fasthttp"}, "grpc": {"grpc"}, "curl": {"curl"},
	"requests": {"python requests"}, "urllib3": {"python urllib3"}, "httpx": {"python httpx"}, "aiohttp": {"python aiohttp"},
	"boto3": {"python boto3", "python urllib3"}, "httpclient": {"python http.client"},
	"nethttp": {"ruby Net::HTTP"}, "faraday": {"ruby faraday", "ruby Net::HTTP"},
	"phpcurl": {"php curl", "libcurl"}, "guzzle": {"php guzzle"}, "wget": {"wget"},
	"java": {"java HttpClient"}, "urlconnection": {"java HttpURLConnection"}, "okhttp": {"okhttp"}, "apache": {"apache HttpClient"},
	"okhttp4": {"okhttp"}, "apache4": {"apache HttpClient"},
}

// Where a client is to blame, the report names a knob of its own, if the packets say who it
// is, and explain has one in any case; and the sample in which that is mended reuses.
func TestRemedies(t *testing.T) {
	blamed := 0
	for i := range scenarios {
		s := &scenarios[i]
		if s.cause() == "" {
			if s.after != "" {
				t.Errorf("%s: nothing is wrong, and yet it is mended in %s", s.name, s.after)
			}
			continue
		}
		blamed++
		t.Run(s.name, func(t *testing.T) {
			s.checkKnob(t)
			after := find(s.after)
			if after == nil {
				t.Fatalf("it is mended in %q, which is no sample", s.after)
			}
			saw, err := readTruth(after.file("..") + ".truth.json")
			if err != nil {
				t.Fatal(err)
			}
			r := analyzed(t, after.file(".."), saw.Keys != "")
			for _, p := range r.Pools {
				if after.via != "" && !slices.Contains(p.Server, "127.0.0.1:"+strconv.Itoa(originPort)) {
					continue // the client of the relay, which is not what was mended
				}
				if p.Verdict != pool.Reused || p.Avoidable != 0 {
					t.Errorf("%s, in which it is mended, is %s with %d avoidable", after.name, p.Verdict, p.Avoidable)
				}
			}
		})
	}
	if blamed < 100 {
		t.Errorf("only %d samples with a client to blame", blamed)
	}
}

// cause is what the client is to blame for, "" if for nothing in any outcome.
func (s *scenario) cause() string {
	for _, o := range s.outcomes {
		if o.want.why != "" {
			return o.want.why
		}
	}
	return ""
}

// checkKnob holds the knobs of s's cause against its client.
func (s *scenario) checkKnob(t *testing.T) {
	own, cause := ownKnobs[s.client], s.cause()
	switch s.relayTool() {
	case "nginx":
		own = []string{"nginx as client"}
	case "haproxy":
		own = []string{"haproxy"}
	}
	if len(own) == 0 {
		t.Fatalf("no knobs are known to be %s's", s.client)
	}
	e, ok := explain.Lookup(cause)
	if !ok {
		t.Fatalf("%s is not explained", cause)
	}
	known := map[string]bool{}
	for _, k := range e.Knobs {
		known[k.Library()] = true
	}
	found := false
	for _, library := range own {
		found = found || known[library]
	}
	if !found {
		t.Errorf("explain %s has no knob of %v", cause, own)
	}
	saw, err := readTruth(s.file("..") + ".truth.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range analyzed(t, s.file(".."), saw.Keys != "").Pools {
		if p.Avoidable == 0 {
			continue
		}
		if knob, named := e.KnobFor(p.UserAgent); named && !slices.Contains(own, knob.Library()) {
			t.Errorf("%s of %s: the report names %q, want one of %v", cause, p.UserAgent, knob.Library(), own)
		}
	}
}
