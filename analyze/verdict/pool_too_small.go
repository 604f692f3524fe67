package verdict

import (
	"fmt"

	"tcpwarm/analyze/plural"
	"tcpwarm/analyze/pool"
)

// poolTooSmall is found in a pool whose client closed all but k connections right
// after bursts and then opened new ones, with the same k each time; or whose client closed
// them because it keeps no more over all servers.
var poolTooSmall = rule{
	Explanation: Explanation{
		Meaning: "After a burst the client closed all but a constant number of its connections, then opened new " +
			"ones in the next burst; or it closed one whenever another came, to whatever server.",
		Evidence: "FINs of the client right after a burst, or as another connection came, the same number of connections " +
			"left each time, then new SYNs.",
		RefutedBy: "the number left differs from time to time",
		Remedy:    "Consistent with a limit on idle connections. Raise it to the size of a burst, or to the number of servers:",
		Knobs: []Knob{
			{"go net/http", "Transport.MaxIdleConnsPerHost (default 2), MaxIdleConns (default 100 in " +
				"DefaultTransport)"},
			{"node http", "new http.Agent({keepAlive: true, maxFreeSockets: N})"},
			{"node agentkeepalive", "maxFreeSockets"},
			{"python requests", "HTTPAdapter(pool_maxsize=N, pool_connections=HOSTS) (default 10 each)"},
			{"rust reqwest", "pool_max_idle_per_host(N)"},
			{"rust hyper-util", "pool_max_idle_per_host(N)"},
			{"rust ureq", "max_idle_connections_per_host(N) (default 3)"},
			{"python urllib3", "PoolManager(maxsize=N, num_pools=HOSTS) (default 1, and 10)"},
			{"python httpx", "Limits(max_keepalive_connections=N) (default 20)"},
			{"python boto3", "Config(max_pool_connections=N) (default 10)"},
			{"go resty", "MaxIdleConnsPerHost of its Transport (default GOMAXPROCS + 1)"},
			{"okhttp", "connectionPool(new ConnectionPool(N, ...)) (default 5 idle ones)"},
			{"java HttpClient", "-Djdk.httpclient.connectionPoolSize=N"},
			{"java HttpURLConnection", "-Dhttp.maxConnections=N (default 5)"},
			{"curl, libcurl", "CURLOPT_MAXCONNECTS (default 5 over all servers), CURLMOPT_MAXCONNECTS; the command has no option for it"},
		},
	},
	pool: fewKept,
}

func fewKept(p *pool.Pool) (Evidence, bool) {
	if n, keeps, conn, packet := p.OverallLimit(); n > 0 {
		return Evidence{Connections: []int64{conn}, Packets: []int64{packet}, Confidence: pool.Likely,
			Text: fmt.Sprintf("%s %s closed by the client when another became idle, whatever its server: it keeps %s over all of them",
				plural.Count(n, "idle connection"), plural.Were(n), plural.Count(int64(keeps), "connection"))}, true
	}
	n, least, most, conn, packet := p.Churn()
	closed := p.Causes.Of(pool.ClientClosed)
	if n == 0 || least != most || least == 0 || closed < 2 {
		return Evidence{}, false
	}
	e := Evidence{Connections: []int64{conn}, Packets: []int64{packet}, Confidence: pool.Likely}
	if n == 1 { // it may have been chance
		e.Confidence = pool.Hint
	}
	e.Text = fmt.Sprintf("%d connections were closed by the client right after use and opened anew; "+
		"%s stayed open each time (seen %s)", closed, plural.Count(int64(least), "connection"), plural.Count(n, "time"))
	return e, true
}
