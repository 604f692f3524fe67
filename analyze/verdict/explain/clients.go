package explain

import (
	"strings"

	"tcpwarm/analyze/verdict"
)

// A client is a program or a library by what it calls itself, and the names that knobs have
// for it: the nearest first.
type client struct {
	product   string // of User-Agent, or of Via; lower case
	libraries []string
}

// clients in the order in which they are tried: some call themselves by another's name too.
var clients = []client{
	{"grpc-", []string{"grpc"}},
	{"axios/", []string{"node axios", "node/axios", "axios", "node, axios", "node http, axios", "node http", "node"}},
	{"node-superagent/", []string{"node superagent", "node http", "node/axios", "node, axios", "node"}},
	{"node-fetch", []string{"node http", "node/axios", "node, axios", "node"}},
	{"got (", []string{"node http", "node/axios", "node, axios", "node"}},
	{"undici", []string{"node undici", "node"}},
	{"node", []string{"node undici", "node"}}, // fetch
	{"boto3/", []string{"python boto3", "python urllib3"}},
	{"botocore/", []string{"python boto3", "python urllib3"}},
	{"aws-cli/", []string{"python boto3"}},
	{"python-requests/", []string{"python requests", "python urllib3"}},
	{"python-urllib3/", []string{"python urllib3"}},
	{"python-httpx/", []string{"python httpx"}},
	{"aiohttp/", []string{"python aiohttp"}},
	{"python-urllib/", []string{"python urllib"}},
	{"go-http-client/", []string{"go net/http", "go"}},
	{"prometheus/", []string{"go net/http", "go"}},
	{"kube-probe/", []string{"go net/http", "go"}},
	{"java-http-client/", []string{"java HttpClient", "java"}},
	{"apache-httpasyncclient/", []string{"apache HttpClient", "java apache HttpClient"}},
	{"apache-httpclient/", []string{"apache HttpClient", "java apache HttpClient"}},
	{"okhttp/", []string{"okhttp", "java okhttp"}},
	{"java/", []string{"java HttpURLConnection", "java"}},
	{"reqwest/", []string{"rust reqwest", "reqwest"}},
	{"faraday v", []string{"ruby faraday", "ruby Net::HTTP"}},
	{"ruby", []string{"ruby Net::HTTP"}},
	{"guzzlehttp/", []string{"php guzzle"}},
	{"finch", []string{"elixir finch"}},
	{"req/", []string{"elixir finch"}},
	{"libcurl", []string{"libcurl", "curl"}},
	{"curl/", []string{"curl"}},
	{"wget/", []string{"wget"}},
	{"ureq/", []string{"rust ureq"}},
	{"go-resty/", []string{"go resty", "go net/http", "go"}},
	{"fasthttp", []string{"go fasthttp"}},
	{"apachebench/", []string{"ab"}},
	{"haproxy", []string{"haproxy"}},
	{"envoy", []string{"envoy"}},
	{"nginx", []string{"nginx as client"}},
	{"mozilla/5.0 (", []string{"browser"}},
}

// called returns the client that calls itself agent, nil if it is not known.
func called(agent string) *client {
	agent = strings.ToLower(agent)
	for i := range clients {
		c := &clients[i]
		for at := 0; ; {
			n := strings.Index(agent[at:], c.product)
			if n < 0 {
				break
			}
			if at += n; at == 0 || agent[at-1] == ' ' { // a product begins there
				return c
			}
			at++
		}
	}
	return nil
}

// KnobFor returns the knob of e for a client by what it calls itself. There is none where it
// does not say, or is not known, or has no such knob: packets name no library.
func (e *Entry) KnobFor(agent string) (verdict.Knob, bool) {
	c := called(agent)
	if c == nil {
		return verdict.Knob{}, false
	}
	for _, library := range c.libraries {
		for _, k := range e.Knobs {
			if names(k, library) {
				return k, true
			}
		}
	}
	return verdict.Knob{}, false
}

// names reports whether k is for a library: by its whole name, or the name that it shares with
// others, as "go" has the knobs of "go net/http".
func names(k verdict.Knob, library string) bool {
	for _, name := range strings.Split(k.Library(), ", ") {
		if name == library || strings.HasPrefix(name, library+" ") && !strings.Contains(strings.ToLower(name), "server") {
			return true
		}
	}
	return k.Library() == library
}
