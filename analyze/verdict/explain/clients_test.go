package explain

import (
	"slices"
	"testing"

	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/verdict"
)

func TestKnobFor(t *testing.T) {
	for _, x := range []struct {
		cause       pool.Cause
		agent, want string
	}{
		{pool.Missed, "axios/1.7.2", "node/axios"},
		{pool.Missed, "Go-http-client/1.1", "go net/http"},
		{pool.Missed, "node", "node undici"},
		{pool.Missed, "undici", "node undici"},
		{pool.ClientSaidClose, "node", "node undici"}, // Node's http calls itself nothing
		{pool.Missed, "python-requests/2.34.2", "python requests"},
		{pool.Missed, "python-httpx/0.27.0", "python httpx"},
		{pool.Missed, "Python/3.11 aiohttp/3.9.5", "python aiohttp"},
		{pool.Missed, "Boto3/1.34 md/Botocore#1.34 ua/2.0 os/linux", "python boto3"},
		{pool.Missed, "Java-http-client/17.0.15", "java HttpClient"},
		{pool.Missed, "Java/17.0.15", "java HttpURLConnection"},
		{pool.Missed, "Apache-HttpClient/4.5.14 (Java/17.0.15)", "apache HttpClient"},
		{pool.Missed, "okhttp/4.12.0", "okhttp"},
		{pool.Missed, "Ruby", "ruby Net::HTTP"},
		{pool.Missed, "Faraday v2.9.0", "ruby faraday"},
		{pool.Missed, "GuzzleHttp/7", "php guzzle"},
		{pool.Missed, "PycURL/7.45.2 libcurl/7.88.1 GnuTLS/3.7.9", "curl"},
		{pool.Missed, "curl/8.9.1", "curl"},
		{pool.Missed, "my-service/1.0 grpc-go/1.64.0", "grpc"},
		{pool.Missed, "1.1 nginx", "nginx as client"},
		{pool.Missed, "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36", "browser"},
		{pool.ClientSaidClose, "ApacheBench/2.3", "ab"},
		{pool.ClientClosed, "Go-http-client/2.0", "go net/http"},
		{pool.ClientIdleTimeout, "okhttp/4.12.0", "okhttp"},
		// Who does not say, or is not known, or has no knob, gets none.
		{pool.Missed, "", ""},
		{pool.Missed, "my-service/1.0", ""},
		{pool.Missed, "notcurl/1.0", ""},
		{pool.ServerSaidClose, "Go-http-client/1.1", ""},
		{pool.ClientClosed, "ApacheBench/2.3", ""},
	} {
		e, _ := Lookup(string(x.cause))
		k, ok := e.KnobFor(x.agent)
		if ok != (x.want != "") || ok && !slices.Contains([]string{x.want}, k.Library()) && !names(k, x.want) {
			t.Errorf("%s, %q: %q, want %q", x.cause, x.agent, k.Library(), x.want)
		}
	}
}

// Every client that is known has a knob somewhere.
func TestClientsHaveKnobs(t *testing.T) {
	var knobs []verdict.Knob
	for _, e := range Entries() {
		knobs = append(knobs, e.Knobs...)
	}
	for _, c := range clients {
		for _, library := range c.libraries[:1] {
			if !slices.ContainsFunc(knobs, func(k verdict.Knob) bool { return names(k, library) }) {
				t.Errorf("%q: no knob of %q", c.product, library)
			}
		}
	}
}
