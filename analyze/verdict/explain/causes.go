package explain

import (
	"fmt"

	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/verdict"
)

// A cause says why a connection was opened.
type cause struct {
	pool.Cause
	title   string
	because string // ends "#2 was opened because", %s being the connection it is about; "" if nobody can change it
	limits  string // likewise, where the client has ended that connection, as the server would have
	verdict.Explanation
}

// avoidable are the causes for which the ideal client opens no connection.
var avoidable = []cause{
	{
		Cause:   pool.Missed,
		title:   "an open, idle connection was there and was not used",
		because: "%s was not used",
		Explanation: verdict.Explanation{
			Meaning: "A new connection was opened although an earlier one of the same pool was open, idle and " +
				"healthy. This is the classic sign of a client whose keep-alive is on in the headers only.",
			Evidence: "The earlier connection's last response had ended, nothing was outstanding, and no FIN, RST " +
				"or close had been seen when the new SYN was sent.",
			RefutedBy: "the two connections come from two programs, or from two objects that must not share (other " +
				"credentials, other proxy)",
			Remedy: "Consistent with one agent or client object per request. Share one:",
			Knobs: []verdict.Knob{
				{"node/axios", "const a = new http.Agent({keepAlive: true})  once"},
				{"node http", "pass {agent: a} to every request; https.Agent for https URLs"},
				{"node http2", "one http2.connect(origin), kept until session.closed"},
				{"axios", "axios.create({httpAgent, httpsAgent}) once; httpAgent alone does nothing for https URLs"},
				{"node request", "forever: true, or one agent passed to every request"},
				{"node undici, fetch", "one new Agent(), then setGlobalDispatcher(agent) or {dispatcher: agent}"},
				{"node agentkeepalive", "one new HttpAgent() and one new HttpsAgent() for the process"},
				{"node superagent", ".agent(a) with one new http.Agent({keepAlive: true}); superagent.agent() keeps cookies only"},
				{"go net/http", "one http.Client (one http.Transport) for the process, not one per call"},
				{"go resty", "one resty.New() for the process, not one per request"},
				{"go fasthttp", "one fasthttp.Client; the package's functions share one"},
				{"rust reqwest", "one reqwest::Client; clone() shares its pool, reqwest::get() makes a new one"},
				{"rust ureq", "one ureq::Agent; ureq::get() makes a new one each time"},
				{"rust hyper-util", "one legacy::Client; clone() shares its pool"},
				{"python requests", "one requests.Session(); requests.get() makes a new session each time"},
				{"python aiohttp", "one ClientSession for the process, not one per request"},
				{"python httpx", "one httpx.Client() or AsyncClient(); httpx.get() makes a new one each time"},
				{"python urllib3", "one PoolManager() for the process"},
				{"python boto3", "one client for the process; Config(max_pool_connections=N) (default 10)"},
				{"python urllib", "it keeps no connection and sends close: use requests, urllib3 or httpx"},
				{"python http.client", "one HTTPConnection, kept, and asked again"},
				{"java HttpClient", "one HttpClient.newHttpClient(), shared; each has its own pool"},
				{"java HttpURLConnection", "read each body to its end, getErrorStream() too; disconnect() before that closes"},
				{"apache HttpClient", "one CloseableHttpClient; consume each entity to its end"},
				{"okhttp", "one OkHttpClient; newBuilder() shares its pool, a new OkHttpClient() has its own"},
				{".net HttpClient", "one HttpClient, or IHttpClientFactory; each SocketsHttpHandler has its own pool"},
				{"ruby Net::HTTP", "Net::HTTP.start(host, port) and all requests within; Net::HTTP.get opens one each time"},
				{"ruby faraday", "one connection with the adapter net_http_persistent; net_http opens one for each request"},
				{"php guzzle", "one GuzzleHttp\\Client; what ends with the PHP request begins anew with the next"},
				{"elixir finch", "one Finch in the supervision tree, by its name"},
				{"grpc", "one channel for each target and process, not one for each call"},
				{"nginx as client", `keepalive N in the upstream; proxy_http_version 1.1; proxy_set_header Connection ""`},
				{"haproxy", "http-reuse always: with safe, the default, each client connection begins on one of its own"},
				{"envoy", "one cluster; each worker has a pool of its own: --concurrency"},
				{"curl", "many URLs in one command; two commands never share a connection. libcurl: one handle, kept"},
				{"browser", "it keeps connections apart by site and by credentials: fetch() with the same credentials mode"},
			},
		},
	},
	{
		Cause:   pool.Undrained,
		title:   "a response was not read to its end, so its connection could not be used again",
		because: "the response on %s was not read to its end",
		Explanation: verdict.Explanation{
			Meaning: "The client left the response of the earlier connection unread. A connection can carry the " +
				"next request only after the last byte of the response before it was taken.",
			Evidence: "The client closed or reset before the response's last byte, or its receive window closed " +
				"with the response unfinished. Of a finished one (then likely): the window stayed reduced by it where the " +
				"same client's windows open again after as much; or the client reset with all acknowledged, where it ends " +
				"other connections to the same server by FIN, or resets others in the middle of responses of which it had no more.",
			RefutedBy: "the client gave the response up on purpose: an abort, a timeout, a download no longer wanted",
			Remedy: "Consistent with a response body that is not read or not released. Read it to its end, also on " +
				"errors:",
			Knobs: []verdict.Knob{
				{"go net/http", "io.Copy(io.Discard, resp.Body), then resp.Body.Close(): both, on every path"},
				{"go resty", "with SetDoNotParseResponse(true): read RawBody() to its end, then Close()"},
				{"go fasthttp", "with StreamResponseBody: read BodyStream() to its end"},
				{"node http", "res.resume() where the body is not wanted"},
				{"node undici", "await body.dump(), or read the body"},
				{"rust reqwest", "read with bytes() or text(); a response dropped unread usually costs its HTTP/1 " +
					"connection"},
				{"rust hyper", "body.collect().await; a body dropped unread closes its HTTP/1 connection"},
				{"rust ureq", "response.body_mut().read_to_vec(), or another reader to its end"},
				{"python requests", "with stream=True: read all of it, or use the response in a with statement"},
				{"python aiohttp", "async with session.get(...) and await resp.read()"},
				{"java HttpClient", "with BodyHandlers.ofInputStream(): read to the end; discarding() where it is " +
					"not wanted"},
				{"java HttpURLConnection", "read getInputStream(), or getErrorStream(), to its end"},
				{"apache HttpClient", "EntityUtils.consume(response.getEntity()) before close()"},
				{"okhttp", "read response.body() to its end; close() reads on for 100 ms at most"},
				{".net HttpClient", "with ResponseHeadersRead: read the stream to its end; Dispose drains little"},
				{"python httpx", "in client.stream(...): read() to the end"},
				{"python urllib3", "with preload_content=False: read to the end, then release_conn(); or drain_conn()"},
				{"php curl", "a CURLOPT_WRITEFUNCTION that takes all it is given"},
				{"ruby Net::HTTP", "no break or return out of the block of request(): it reads on once the block ends"},
				{"browser", "await response.text(); body.cancel() and an aborted fetch() cost their HTTP/1 connection"},
			},
		},
	},
	{
		Cause:   pool.ClientSaidClose,
		title:   "the client's own request asked for the connection to be closed",
		because: "the request on %s said close",
		Explanation: verdict.Explanation{
			Meaning: "The earlier connection ended because its request said Connection: close, or was HTTP/1.0 " +
				"without keep-alive. Whoever sent the first FIN, it was the client's doing.",
			Evidence:  "The request's head on the earlier connection.",
			RefutedBy: "a proxy between the client and the capture wrote that header",
			Remedy:    "Consistent with a client whose keep-alive is off. Turn it on:",
			Knobs: []verdict.Knob{
				{"node http", "new http.Agent({keepAlive: true}); agent: false, and Node before 19 by default, " +
					"send close"},
				{"node undici", "reset: false with HEAD, which ends its connection otherwise; fetch has no such option"},
				{"node axios", "httpAgent and httpsAgent with {keepAlive: true}"},
				{"node request", "forever: true"},
				{"node superagent", ".agent(a) on each request, of one new http.Agent({keepAlive: true}): its default " +
					"is agent: false"},
				{"go net/http", "Transport.DisableKeepAlives false, Request.Close false"},
				{"go resty", "SetCloseConnection(false), the default"},
				{"go fasthttp", "no SetConnectionClose()"},
				{"python requests", "no Connection: close in Session.headers"},
				{"python aiohttp", "TCPConnector(force_close=False)"},
				{"java HttpURLConnection", "-Dhttp.keepAlive=true (the default)"},
				{"nginx as client", `proxy_http_version 1.1; proxy_set_header Connection ""; and keepalive N in ` +
					"the upstream"},
				{"curl", "no --http1.0 and no -H 'Connection: close'"},
				{"ab", "-k"},
				{"python urllib", "it sends close always: use requests, urllib3 or httpx"},
				{"ruby Net::HTTP", "Net::HTTP.start(host, port); a request without it sends close"},
				{"ruby faraday", "the adapter net_http_persistent"},
				{"php guzzle", "no 'stream' => true, whose handler sends close ('sink' takes large bodies); no such header"},
				{"wget", "no --no-http-keep-alive"},
				{".net HttpClient", "DefaultRequestHeaders.ConnectionClose not true"},
				{"haproxy", "no option httpclose, no http-server-close"},
				{"okhttp", "no Connection: close among the headers of a request or an interceptor"},
				{"apache HttpClient", "no Connection: close among the headers"},
			},
		},
	},
	{
		Cause:   pool.ClientClosed,
		title:   "the client closed the connection at once after the response, or kept too few",
		because: "the client closed %s unasked",
		Explanation: verdict.Explanation{
			Meaning: "The earlier connection was healthy when the client closed it, less than 100 ms or two round " +
				"trips after its response, without having said close; or later, as another connection became idle or was " +
				"opened, because it keeps only so many over all servers.",
			Evidence: "The client's FIN or RST came first, shortly after the response's last byte; or shortly before or " +
				"after another connection came, and as many idled on each time.",
			RefutedBy: "the program had ended, or knew that it had no more requests",
			Remedy: "Consistent with a pool that keeps too few idle connections, or with a client object closed " +
				"after each request. Keep more, and keep the object:",
			Knobs: []verdict.Knob{
				{"go net/http", "Transport.MaxIdleConnsPerHost (default 2) at least the number of parallel " +
					"requests; MaxIdleConns (100)"},
				{"go resty", "Transport with MaxIdleConnsPerHost of N by SetTransport (default: GOMAXPROCS + 1)"},
				{"node http", "new http.Agent({keepAlive: true, maxFreeSockets: N}) (default 256)"},
				{"node agentkeepalive", "maxFreeSockets (default 256)"},
				{"rust reqwest", "one reqwest::Client, kept: reqwest::get() makes and drops one each time; " +
					"ClientBuilder::pool_max_idle_per_host(N) (no limit by default; 0 turns reuse off)"},
				{"rust hyper-util", "one legacy::Client, kept; Builder::pool_max_idle_per_host(N) (no limit by default; " +
					"0 turns reuse off)"},
				{"rust hyper", "of client::conn keep the SendRequest, and ask again: its connection ends with it"},
				{"rust ureq", "one ureq::Agent, kept: ureq::get() makes and drops one each time; " +
					"max_idle_connections_per_host(N) (default 3)"},
				{"python requests", `one requests.Session(), kept: requests.get() makes and closes one each time; ` +
					`session.mount("https://", HTTPAdapter(pool_maxsize=N, pool_connections=HOSTS)) (default 10 each)`},
				{"python aiohttp", "one ClientSession, not closed between requests; aiohttp.request() makes and closes one"},
				{"python httpx", "one httpx.Client(), kept: httpx.get() makes and closes one each time; " +
					"Limits(max_keepalive_connections=N) (default 20)"},
				{"python urllib3", "one PoolManager(maxsize=N, num_pools=HOSTS), kept (default 1, and 10)"},
				{"python boto3", "one client, kept; Config(max_pool_connections=N) (default 10)"},
				{"java HttpClient", "-Djdk.httpclient.connectionPoolSize=N (0, the default, is no limit)"},
				{"java HttpURLConnection", "-Dhttp.maxConnections=N (default 5)"},
				{"okhttp", "connectionPool(new ConnectionPool(N, ...)) (default 5 idle ones)"},
				{"curl", "all URLs in one command: each command has connections of its own, and keeps 5 over all servers " +
					"(with -Z more)"},
				{"libcurl", "one handle, kept; CURLOPT_MAXCONNECTS (default 5 over all servers)"},
				{"nginx as client", "keepalive N in the upstream: idle ones of each worker"},
				{"haproxy", "pool-max-conn N"},
				{"apache HttpClient", "one CloseableHttpClient, not closed between requests; setMaxConnPerRoute(N), setMaxConnTotal(M) " +
					"(default 5, and 25)"},
				{"ruby Net::HTTP", "one Net::HTTP.start(host, port), kept: Net::HTTP.get starts and finishes one each time"},
				{"ruby faraday", "the adapter net_http_persistent: net_http starts and finishes a connection for each request"},
				{"php curl", "one handle, kept, or a curl_share_init() handle with CURL_LOCK_DATA_CONNECT; no CURLOPT_FORBID_REUSE"},
				{"php guzzle", "one GuzzleHttp\\Client, kept; new CurlMultiHandler(['options' => [CURLMOPT_MAXCONNECTS => N]])"},
				{"grpc", "one channel for each target and process: a stub's conn.Close() belongs to the end of the program"},
				{"wget", "all URLs in one command: each command has connections of its own"},
				{"browser", "fetch() with CORS, which the server permits: of mode: 'no-cors' it blocks some responses, and their " +
					"connections end"},
			},
		},
	},
	{
		Cause:   pool.ClientIdleTimeout,
		title:   "the client closed the connection after it had been idle for some time",
		because: "the client closed %s after it had been idle",
		Explanation: verdict.Explanation{
			Meaning: "The client's own idle timeout ended the earlier connection before the next request came. " +
				"That is how pools are meant to work: it costs a connection only where requests come just a little " +
				"too far apart.",
			Evidence: "The client's FIN or RST came first, 100 ms and two round trips or more after the last " +
				"response.",
			RefutedBy: "the client object was closed or collected at that moment, by no timeout",
			Remedy: "Consistent with an idle timeout shorter than the pause between requests. Lengthen it, but " +
				"keep it below the server's:",
			Knobs: []verdict.Knob{
				{"node http", "new http.Agent({keepAlive: true, timeout: ms}); the global agent of Node 19 and " +
					"later has 5 s"},
				{"node agentkeepalive", "freeSocketTimeout (4 s in current versions)"},
				{"node undici, fetch", "new Agent({keepAliveTimeout: ms}) (default 4 s), keepAliveMaxTimeout"},
				{"go net/http", "Transport.IdleConnTimeout (90 s in DefaultTransport, none in a zero Transport)"},
				{"go fasthttp", "Client.MaxIdleConnDuration (default 10 s)"},
				{"rust reqwest", "ClientBuilder::pool_idle_timeout(Duration) (default 90 s)"},
				{"rust hyper-util", "Builder::pool_idle_timeout(Duration) (default 90 s); with pool_timer it is kept on time"},
				{"rust ureq", "max_idle_age(Duration) of the configuration (default 15 s)"},
				{"python aiohttp", "TCPConnector(keepalive_timeout=s) (default 15 s)"},
				{"python httpx", "Limits(keepalive_expiry=s) (default 5 s)"},
				{"java HttpClient", "-Djdk.httpclient.keepalive.timeout=seconds"},
				{"java HttpURLConnection", "-Dhttp.keepAlive.time.server=seconds (default 5, where the server says nothing)"},
				{"apache HttpClient", "setKeepAliveStrategy, setConnectionTimeToLive; evictIdleConnections ends them"},
				{"okhttp", "connectionPool(new ConnectionPool(5, N, unit)) (default 5 min)"},
				{".net HttpClient", "SocketsHttpHandler.PooledConnectionIdleTimeout (default 1 min, before .NET 6: 2 min)"},
				{"ruby Net::HTTP", "keep_alive_timeout (default 2 s)"},
				{"ruby faraday", "net_http_persistent: idle_timeout (default 5 s)"},
				{"elixir finch", "conn_max_idle_time of the pool"},
				{"envoy", "common_http_protocol_options.idle_timeout (default 1 h)"},
				{"nginx as client", "keepalive_timeout in the upstream (default 60 s)"},
				{"haproxy", "pool-purge-delay (default 5 s)"},
				{"curl, libcurl", "CURLOPT_MAXAGE_CONN (default 118 s of idling)"},
			},
		},
	},
	{
		Cause:   pool.OpenedAhead,
		title:   "the connection was opened ahead of need, and another was idle when it was used",
		because: "nobody needed it yet, and %s was idle when it was used",
		Explanation: verdict.Explanation{
			Meaning: "The connection had been open for some time when its first request came (more than 50 ms and two " +
				"round trips after the client could have sent it), so it was not opened for that request; and another was " +
				"idle then. Connections warmed up in advance that never work side by side cost the server memory and the " +
				"client handshakes.",
			Evidence: "The first request came long after the handshake, while another connection of the pool was open " +
				"and idle.",
			RefutedBy: "the connections belong to programs or objects that must not share",
			Remedy: "Consistent with a pool that is filled in advance, beyond the requests that it carries at a time. " +
				"Open fewer:",
			Knobs: []verdict.Knob{
				{"go net/http", "warm up with as many parallel requests as there will be, not more"},
				{"python aiohttp", "no warming requests beyond the parallel ones"},
				{"java HttpClient", "no warming requests beyond the parallel ones"},
				{"rust hyper-util", "tokio::task::yield_now().await between a body's end and the next request: it dials while a " +
					"connection is on its way back to the pool"},
				{"Envoy", "preconnect_policy: per_upstream_preconnect_ratio 1.0"},
				{"browser", `fewer <link rel="preconnect">; crossorigin on it where the fetch is without credentials`},
			},
		},
	},
}

// needed are the causes for which the ideal client opens a connection too.
var needed = []cause{
	{
		Cause: pool.First,
		title: "the first connection of its pool",
		Explanation: verdict.Explanation{
			Meaning:   "There was nothing to use yet. No client can do without it.",
			Evidence:  "No earlier connection between this client and this server.",
			RefutedBy: "an earlier connection was open before the capture began",
		},
	},
	{
		Cause: pool.Concurrent,
		title: "all connections were in use",
		Explanation: verdict.Explanation{
			Meaning: "When the request came, every connection of the pool was busy with another (HTTP/2: at the " +
				"peer's stream limit).",
			Evidence:  "Each earlier connection had a response outstanding at the new SYN.",
			RefutedBy: "a response counted as outstanding had ended in packets that the capture misses",
			Remedy:    "Nothing to repair. To need fewer: HTTP/2, or a limit on parallel requests.",
			Knobs: []verdict.Knob{
				{"node http", "new http.Agent({keepAlive: true, maxSockets: N}): requests queue instead of opening " +
					"more"},
				{"go net/http", "Transport.MaxConnsPerHost = N"},
				{"node undici", "new Agent({connections: N})"},
				{"python aiohttp", "TCPConnector(limit_per_host=N)"},
			},
		},
	},
	{
		Cause:   pool.ServerClosed,
		title:   "the server had closed the earlier connection",
		because: "the server closed %s",
		limits:  "the server keeps %s idle no longer",
		Explanation: verdict.Explanation{
			Meaning: "The server ended the earlier connection unasked: an idle timeout, a limit on requests or " +
				"age, a GOAWAY, a restart. Or its client ended it, and it would not have lasted anyway.",
			Evidence: "The first FIN, RST or close_notify came from the server, after complete responses that did " +
				"not say close; or an HTTP/2 GOAWAY. Or the client closed when the server had announced that it would, " +
				"or is seen to; or wanted the next connection so late that the server would have closed by then.",
			RefutedBy: "the FIN was made by a middlebox in the server's name",
			AtServer:  "This side's keep-alive timeout or limit ended it: raise it above the pauses between requests.",
			Remedy: "Consistent with a server's keep-alive limit. Where the server is yours, raise it above the " +
				"pause between requests:",
			Knobs: []verdict.Knob{
				{"nginx", "keepalive_timeout (default 75 s), keepalive_requests (default 1000, in old versions 100)"},
				{"apache httpd", "KeepAliveTimeout (default 5 s), MaxKeepAliveRequests (default 100)"},
				{"node http server", "server.keepAliveTimeout (default 5 s), server.maxRequestsPerSocket"},
				{"go http.Server", "IdleTimeout (ReadTimeout if 0)"},
				{"uvicorn, gunicorn", "--timeout-keep-alive (default 5 s); --keep-alive (default 2 s)"},
			},
		},
	},
	{
		Cause:   pool.ServerSaidClose,
		title:   "the server's response said close",
		because: "the server said close on %s",
		Explanation: verdict.Explanation{
			Meaning: "The response on the earlier connection said Connection: close, was HTTP/1.0 without " +
				"keep-alive, or had a body that ends only with the connection; and the request had not asked for " +
				"that.",
			Evidence:  "The response's head.",
			RefutedBy: "the connection carried another response afterwards",
			Remedy: "Consistent with keep-alive turned off at the server, or responses without a length. Turn it " +
				"on there:",
			Knobs: []verdict.Knob{
				{"nginx", "keepalive_timeout above 0"},
				{"apache httpd", "KeepAlive On"},
				{"gunicorn", "worker class gthread or an async one: sync workers never keep alive"},
				{"python http.server", `protocol_version = "HTTP/1.1" and a Content-Length in each response`},
				{"node http server", `no setHeader("Connection", "close")`},
				{"go http.Server", "no SetKeepAlivesEnabled(false)"},
			},
		},
	},
	{
		Cause:   pool.Reset,
		title:   "the server broke the earlier connection off",
		because: "the server reset %s",
		Explanation: verdict.Explanation{
			Meaning: "The server reset the earlier connection, or ended it with a request unanswered, or the " +
				"request met a connection that was closing. HTTP/2's GOAWAY says which requests it leaves out: that is " +
				"server-closed.",
			Evidence: "An RST from the server's side; or a FIN from it while a request was outstanding; or request " +
				"bytes that crossed a FIN.",
			RefutedBy: "the RST's TTL or IP ID does not fit the server's other packets: then a middlebox sent it",
			AtServer: "This side ended a connection that was about to be used: a keep-alive timeout longer than the clients' idle " +
				"timeout lets them close first.",
			Remedy: "Consistent with a client that uses connections which the server is about to close. Let the " +
				"client's idle timeout be shorter than the server's:",
			Knobs: []verdict.Knob{
				{"node agentkeepalive", "freeSocketTimeout below the server's timeout"},
				{"node undici, fetch", "keepAliveTimeout below the server's timeout"},
				{"go net/http", "Transport.IdleConnTimeout below the server's timeout"},
				{"rust reqwest", "pool_idle_timeout below the server's timeout"},
				{"java HttpClient", "-Djdk.httpclient.keepalive.timeout=seconds below the server's timeout"},
			},
		},
	},
	{
		Cause: pool.UsedUp,
		title: "the earlier connection became something else",
		Explanation: verdict.Explanation{
			Meaning: "The earlier connection turned into a tunnel (WebSocket, CONNECT), or an event stream was " +
				"left on purpose: no later request can travel on it.",
			Evidence: "A 101 response, a 2xx to CONNECT, or a response of type text/event-stream that the client " +
				"left.",
			RefutedBy: "requests of the outer protocol follow on that connection",
		},
	},
	{
		Cause: pool.OtherAddress,
		title: "the idle connections went to another address of the same name",
		Explanation: verdict.Explanation{
			Meaning: "The name has several addresses, and this request was sent to one to which no idle connection " +
				"led.",
			Evidence:  "Idle connections of the pool existed, all to other addresses.",
			RefutedBy: "the client could have chosen freely between the addresses",
			Remedy: "Consistent with a balancer in DNS. Fewer addresses, or HTTP/2 with coalescing, need fewer " +
				"connections.",
		},
	},
	{
		Cause: pool.Failed,
		title: "the attempt before it failed",
		Explanation: verdict.Explanation{
			Meaning:   "The connection opened before was refused or never answered; this one tried again.",
			Evidence:  "An RST in answer to the SYN, or SYNs without an answer.",
			RefutedBy: "the earlier attempt's answer was lost by the capture",
		},
	},
	{
		Cause:   pool.RequestAbandoned,
		title:   "the client gave up waiting for an answer",
		because: "the client gave up its request on %s",
		Explanation: verdict.Explanation{
			Meaning: "The client closed the earlier connection while a request was waiting for its answer, of which no " +
				"head had come: a deadline passed, or the request was cancelled. HTTP/1 cannot go on with such a " +
				"connection: an answer that comes late would be taken for the next request's.",
			Evidence: "The client's FIN, RST or close_notify came first, with a request outstanding, and had acknowledged nothing of " +
				"a response: one that crosses it came too late.",
			RefutedBy: "the answer had come, in packets that the capture misses",
			Remedy: "Consistent with a deadline shorter than the server's time to answer. See what the server does " +
				"meanwhile, or lengthen the deadline; HTTP/2 can take one request back and keep the connection:",
			Knobs: []verdict.Knob{
				{"go net/http", "Client.Timeout, Transport.ResponseHeaderTimeout, the request's context"},
				{"node axios", "timeout (ms, none by default), signal"},
				{"node undici, fetch", "headersTimeout (default 300 s), AbortSignal.timeout(ms)"},
				{"rust reqwest", "ClientBuilder::timeout, read_timeout (none by default)"},
				{"python requests", "timeout=(connect, read) (none by default)"},
				{"python aiohttp", "ClientTimeout(total=s) (default 300 s)"},
				{"java HttpClient", "HttpRequest.Builder.timeout(Duration) (none by default)"},
				{"curl", "--max-time (none by default)"},
			},
		},
	},
	{
		Cause:   pool.SilentDrop,
		title:   "the earlier connection was dead, and nobody had said so",
		because: "%s was dead",
		Explanation: verdict.Explanation{
			Meaning: "What the client sent on the earlier connection was sent again and again and never acknowledged, while " +
				"the server answered on another: something on the way, or the server's machine, had forgotten that connection.",
			Evidence: "Data sent again three times or for a second and never acknowledged, or keep-alive probes as often or " +
				"as long and never answered; packets of the same server on " +
				"another connection.",
			RefutedBy: "the capture lacks the server's packets",
			Remedy: "Consistent with a device between that drops idle connections silently. Let the client close earlier, or " +
				"probe:",
			Knobs: []verdict.Knob{
				{"linux", "net.ipv4.tcp_keepalive_time with SO_KEEPALIVE; TCP_USER_TIMEOUT for what is sent"},
				{"go net/http", "Transport.IdleConnTimeout below the device's; http2.Transport.ReadIdleTimeout"},
				{"rust reqwest", "pool_idle_timeout, tcp_keepalive"},
				{"node agentkeepalive", "freeSocketTimeout"},
			},
		},
	},
	{
		Cause: pool.Bound,
		title: "the idle connections were tied to another user",
		Explanation: verdict.Explanation{
			Meaning: "NTLM and Negotiate authenticate a connection, not a request: what it carries from then on is that " +
				"user's. An idle one is no use to another user, for whom the client authenticates a new one.",
			Evidence: "Authorization: NTLM or Negotiate (or Proxy-Authorization) on the idle connections, and on the new one " +
				"as well, or a 401 or 407 to its first request. Where the client had closed the idle one itself, it had to " +
				"authenticate anew for whomever: that is avoidable, if the users are one.",
			RefutedBy: "all requests were one user's",
			Remedy: "Nothing to repair where the users differ. Where they do not, keep a client for each user, or an " +
				"authentication that goes with the request, such as a bearer token.",
		},
	},
	{
		Cause: pool.Early,
		title: "opened a moment before it was needed",
		Explanation: verdict.Explanation{
			Meaning: "The ideal client would have opened it too, only later: a speculative connection that turned " +
				"out useful.",
			Evidence:  "A later moment at which all connections were in use, with this one among them.",
			RefutedBy: "it was closed before that moment",
		},
	},
	{
		Cause: pool.Unknown,
		title: "the capture does not show why",
		Explanation: verdict.Explanation{
			Meaning: "The connection was open when the capture began, or packets are missing. It is counted as " +
				"needed, so that blame is never guessed. As a vantage, a protocol or a limit: nothing tells.",
			Evidence: "No SYN, or missing bytes.",
			Remedy:   "Start the capture before the client.",
		},
	},
}

func find(c pool.Cause) *cause {
	for _, list := range [][]cause{avoidable, needed} {
		for i := range list {
			if list[i].Cause == c {
				return &list[i]
			}
		}
	}
	return &cause{Cause: c}
}

// Actionable reports whether somebody could change that connections are opened
// because of c: the client, or whoever runs the server.
func Actionable(c pool.Cause) bool { return find(c).because != "" }

// Because returns c as the end of "#2 was opened because"; a cause that is not
// actionable is only named. Connection other could have served instead, or was
// taken away; 0 if it is not known.
func Because(c pool.Cause, other int64) string {
	e := find(c)
	if e.because == "" {
		return string(c)
	}
	which := fmt.Sprintf("#%d", other)
	switch {
	case other > 0 && e.limits != "":
		return fmt.Sprintf(e.limits, which)
	case other > 0:
	case c.Avoidable():
		which = "the idle connection"
	default:
		which = "an earlier one"
	}
	return fmt.Sprintf(e.because, which)
}
