package main

import "time"

// A scenario is what is transferred over which path, between which hosts.
type scenario struct {
	Name      string
	Algorithm string  // of congestion control at the sender
	RTTms     float64 // of the empty path
	Data, Ack direction
	Setting   setting
	Carried   carried
}

// stretched is s on a path whose round trip is so many times as long, at a rate so many times as low.
func (s scenario) stretched(times float64) scenario {
	s.RTTms *= times
	s.Data.Mbits /= times
	s.Ack.Mbits /= times
	return s
}

// A direction is the path in one of them: toward the receiver of the content, or back from it. A
// packet waits for its turn at the bottleneck, and then for the wire.
type direction struct {
	Mbits      float64       // rate of the bottleneck; 0: packets do not wait
	Swing      float64       // the rate goes up and down by this part of it, every SwingTime
	SwingTime  time.Duration // the period
	QueueBytes int           // what would make the queue longer is dropped; 0: never
	Loss       float64       // probability of each packet to start a loss
	Burst      int           // how many packets are lost in a row then, on the mean; 0 and 1: one
	Jitter     time.Duration // at most so much more delay, a new one for each packet, in order
	Reorder    float64       // probability of a packet to be late
	ReorderBy  time.Duration // by so much, while others overtake it
	MarkAbove  int           // a packet that finds a longer queue gets an ECN mark; 0: none
	Hold       time.Duration // packets arrive together, at multiples of it
	Drop       []int         // which packets with content are lost, counted from 1
	DarkFrom   time.Duration // after so much time everything is lost
	DarkFor    time.Duration // for so long
}

// A setting is how the two hosts are set up.
type setting struct {
	IPv6         bool
	MTU          int               // of both; 0: 1500
	ServerMTU    int               // of the server, where it has a smaller one
	Segmentation bool              // the sender's device cuts segments (TSO)
	Coalescing   bool              // the receiver's joins them (GRO)
	Paced        int               // SO_MAX_PACING_RATE of the sender in bytes a second; 0: not paced
	SendBuffer   int               // SO_SNDBUF of the sender
	ReadBuffer   int               // SO_RCVBUF of the receiver
	InitCwnd     int               // of the server's route
	Sysctl       map[string]string // below net/ipv4, on both
}

// carried is what is transferred.
type carried struct {
	Protocol    string // http, tls (HTTP/1.1 in it) or h2 (HTTP/2 in TLS)
	Upload      bool   // the client sends the content
	ReadBytes   int    // a second, that the client reads; 0: what comes
	StallAfter  int    // the client stops reading after so many bytes of each response
	Stall       time.Duration
	Connections int       // that do the same beside each other; 0: one
	Exchanges   []request // one after the other on each connection
}

// A request asks for Size bytes, or sends them. With Every they are written in pieces, with pauses.
type request struct {
	Size  int
	After time.Duration // the pause before it
	Piece int
	Every time.Duration
}

const (
	kB       = 1000
	ms       = time.Millisecond
	linkRate = 1 << 30 // paced by what TCP finds right, with no limit of its own
)

// Two pages, an interface's calls, and a stream of events: what users of this program capture.
var (
	pages = []request{
		{Size: 18 * kB}, {Size: 32 * kB, After: 15 * ms}, {Size: 85 * kB}, {Size: 9 * kB}, {Size: 220 * kB, After: 40 * ms},
		{Size: 18 * kB, After: 2600 * ms}, {Size: 130 * kB}, {Size: 450 * kB}, {Size: 27 * kB, After: 120 * ms},
		{Size: 260 * kB, After: 750 * ms},
	}
	calls = []request{
		{Size: 2 * kB}, {Size: 6 * kB, After: 250 * ms}, {Size: 3 * kB, After: 40 * ms}, {Size: 120 * kB, After: 700 * ms},
		{Size: 4 * kB, After: 1300 * ms}, {Size: 64 * kB, After: 350 * ms}, {Size: 64 * kB}, {Size: 2 * kB, After: 4200 * ms},
		{Size: 180 * kB, After: 90 * ms}, {Size: 24 * kB, After: 1100 * ms}, {Size: 90 * kB, After: 2400 * ms},
	}
	events = []request{
		{Size: 16 * kB, Piece: 400, Every: 75 * ms}, {Size: 300 * kB, After: 200 * ms},
		{Size: 60 * kB, After: 900 * ms, Piece: 3 * kB, Every: 130 * ms}, {Size: 240 * kB, After: 30 * ms},
	}
	drip = []request{
		{Size: 480 * kB, Piece: 48 * kB, Every: 420 * ms}, {Size: 700 * kB, After: 1700 * ms, Piece: 140 * kB, Every: 650 * ms},
	}
	uploads = []request{
		{Size: 1600 * kB}, {Size: 150 * kB, After: 1100 * ms}, {Size: 700 * kB, After: 180 * ms}, {Size: 60 * kB, After: 2800 * ms},
	}
)

func bulk(sizes ...int) (list []request) {
	for _, size := range sizes {
		list = append(list, request{Size: size})
	}
	return list
}

func bottleneck(mbits float64, queue int) direction {
	return direction{Mbits: mbits, QueueBytes: queue}
}

// scenarios is what --record records.
var scenarios = []scenario{
	{"page-http-cubic-rtt19", "cubic", 19, bottleneck(95, 900*kB), direction{}, setting{}, carried{Exchanges: pages}},
	{"page-h2-cubic-rtt47", "cubic", 47, bottleneck(28, 900*kB), direction{}, setting{},
		carried{Protocol: "h2", Exchanges: pages}},
	{"page-tls-reno-rtt75", "reno", 75, bottleneck(65, 900*kB), direction{}, setting{},
		carried{Protocol: "tls", Exchanges: pages}},
	{"page-ipv6-cubic-rtt33", "cubic", 33, bottleneck(120, 900*kB), direction{}, setting{IPv6: true},
		carried{Exchanges: pages}},
	{"page-ipv6-h2-bbr-rtt27", "bbr", 27, bottleneck(45, 900*kB), direction{}, setting{IPv6: true},
		carried{Protocol: "h2", Exchanges: pages}},
	{"page-five-connections-cubic-rtt85", "cubic", 85, bottleneck(16, 110*kB), direction{}, setting{},
		carried{Connections: 5, Exchanges: pages[:5]}},
	{"page-no-restart-tls-cubic-rtt85", "cubic", 85, bottleneck(55, 900*kB), direction{},
		setting{Sysctl: map[string]string{"tcp_slow_start_after_idle": "0"}}, carried{Protocol: "tls", Exchanges: pages}},
	{"page-initcwnd16-cubic-rtt95", "cubic", 95, bottleneck(55, 900*kB), direction{}, setting{InitCwnd: 16},
		carried{Exchanges: pages}},
	{"page-offload-tls-cubic-rtt13", "cubic", 13, bottleneck(210, 900*kB), direction{},
		setting{Segmentation: true, Coalescing: true},
		carried{Protocol: "tls", Exchanges: pages}},
	{"api-http-cubic-rtt95", "cubic", 95, bottleneck(35, 900*kB), direction{}, setting{}, carried{Exchanges: calls}},
	{"api-tls-cubic-rtt180", "cubic", 180, bottleneck(24, 900*kB), direction{}, setting{},
		carried{Protocol: "tls", Exchanges: calls}},
	{"api-h2-reno-rtt54", "reno", 54, bottleneck(18, 900*kB), direction{}, setting{},
		carried{Protocol: "h2", Exchanges: calls}},
	{"api-ipv6-bbr-rtt130", "bbr", 130, bottleneck(33, 900*kB), direction{}, setting{IPv6: true},
		carried{Exchanges: calls}},
	{"api-http-reno-rtt6", "reno", 6, bottleneck(95, 900*kB), direction{}, setting{}, carried{Exchanges: calls}},
	{"events-http-cubic-rtt65", "cubic", 65, bottleneck(26, 900*kB), direction{}, setting{},
		carried{Exchanges: events}},
	{"events-h2-cubic-rtt22", "cubic", 22, bottleneck(42, 900*kB), direction{}, setting{},
		carried{Protocol: "h2", Exchanges: events}},
	{"drip-tls-cubic-rtt38", "cubic", 38, bottleneck(48, 900*kB), direction{}, setting{},
		carried{Protocol: "tls", Exchanges: drip}},
	{"drip-http-reno-rtt220", "reno", 220, bottleneck(14, 900*kB), direction{}, setting{}, carried{Exchanges: drip}},
	{"upload-http-cubic-rtt33", "cubic", 33, bottleneck(11, 70*kB), direction{}, setting{},
		carried{Upload: true, Exchanges: uploads}},
	{"upload-tls-reno-rtt130", "reno", 130, bottleneck(26, 600*kB), direction{}, setting{},
		carried{Protocol: "tls", Upload: true, Exchanges: uploads}},
	{"upload-h2-cubic-rtt13", "cubic", 13, bottleneck(55, 120*kB), direction{}, setting{},
		carried{Protocol: "h2", Upload: true, Exchanges: uploads}},
	{"upload-ipv6-bbr-rtt75", "bbr", 75, bottleneck(19, 400*kB), direction{}, setting{IPv6: true},
		carried{Upload: true, Exchanges: uploads}},
	{"slow-line-cubic-rtt300", "cubic", 300, bottleneck(2, 260*kB), direction{}, setting{},
		carried{Exchanges: bulk(900*kB, 60*kB)}},
	{"fast-line-offload-cubic-rtt3", "cubic", 3, bottleneck(500, 450*kB), direction{},
		setting{Segmentation: true, Coalescing: true},
		carried{Exchanges: bulk(30000*kB, 2000*kB)}},
	{"fast-line-jumbo-reno-rtt8", "reno", 8, bottleneck(300, 500*kB), direction{}, setting{MTU: 9000},
		carried{Exchanges: bulk(24000 * kB)}},
	{"bulk-ipv6-offload-cubic-rtt22", "cubic", 22, bottleneck(180, 380*kB), direction{},
		setting{IPv6: true, Segmentation: true, Coalescing: true}, carried{Exchanges: bulk(16000*kB, 800*kB)}},
	{"bulk-ipv6-mtu1280-reno-rtt38", "reno", 38, bottleneck(13, 50*kB), direction{}, setting{IPv6: true, MTU: 1280},
		carried{Exchanges: bulk(5000 * kB)}},
	{"tunnel-mtu1400-cubic-rtt54", "cubic", 54, bottleneck(23, 130*kB), direction{}, setting{ServerMTU: 1400},
		carried{Exchanges: bulk(3500*kB, 300*kB)}},

	{"jitter-cubic-rtt33", "cubic", 33, direction{Mbits: 38, QueueBytes: 220 * kB, Jitter: 8 * ms}, direction{Jitter: 3 * ms},
		setting{}, carried{Exchanges: bulk(4000*kB, 250*kB)}},

	{"jitter-page-tls-bbr-rtt65", "bbr", 65, direction{Mbits: 31, QueueBytes: 300 * kB, Jitter: 12 * ms}, direction{Jitter: 12 * ms},
		setting{}, carried{Protocol: "tls", Exchanges: pages}},

	{"reorder-reno-rtt22", "reno", 22, direction{Mbits: 28, QueueBytes: 400 * kB, Reorder: 0.015, ReorderBy: 6 * ms}, direction{},
		setting{}, carried{Exchanges: bulk(3000 * kB)}},

	{"reorder-far-cubic-rtt65", "cubic", 65, direction{Mbits: 18, QueueBytes: 400 * kB, Reorder: 0.004, ReorderBy: 28 * ms},
		direction{}, setting{}, carried{Exchanges: bulk(3000*kB, 400*kB)}},

	{"burst-loss-page-cubic-rtt47", "cubic", 47, direction{Mbits: 33, QueueBytes: 700 * kB, Loss: 0.003, Burst: 6}, direction{},
		setting{}, carried{Exchanges: pages}},
	{"loss-h2-reno-rtt17", "reno", 17, direction{Mbits: 44, QueueBytes: 700 * kB, Loss: 0.013}, direction{Loss: 0.01},
		setting{}, carried{Protocol: "h2", Exchanges: pages}},

	{"burst-loss-bbr-rtt85", "bbr", 85, direction{Mbits: 22, QueueBytes: 700 * kB, Loss: 0.002, Burst: 5}, direction{},
		setting{}, carried{Exchanges: bulk(3000 * kB)}},
	{"loss-ipv6-cubic-rtt130", "cubic", 130, direction{Mbits: 75, QueueBytes: 2000 * kB, Loss: 0.004}, direction{},
		setting{IPv6: true}, carried{Exchanges: bulk(3500*kB, 200*kB)}},

	{"tail-loss-cubic-rtt27", "cubic", 27, direction{Mbits: 36, QueueBytes: 700 * kB, Drop: []int{39, 40, 41, 42, 43, 44, 45}}, direction{},
		setting{}, carried{Exchanges: []request{{Size: 59 * kB}, {Size: 400 * kB, After: 300 * ms}, {Size: 900 * kB, After: 1500 * ms}}}},

	{"outage-reno-rtt54", "reno", 54, direction{Mbits: 21, QueueBytes: 500 * kB, DarkFrom: 1300 * ms, DarkFor: 900 * ms},
		direction{DarkFrom: 1300 * ms, DarkFor: 900 * ms}, setting{}, carried{Exchanges: bulk(3500*kB, 200*kB)}},
	{"ecn-cubic-rtt27", "cubic", 27, direction{Mbits: 34, QueueBytes: 900 * kB, MarkAbove: 75 * kB}, direction{},
		setting{Sysctl: map[string]string{"tcp_ecn": "1"}}, carried{Exchanges: bulk(5000 * kB)}},

	{"ecn-page-tls-reno-rtt65", "reno", 65, direction{Mbits: 17, QueueBytes: 900 * kB, MarkAbove: 28 * kB}, direction{},
		setting{Sysctl: map[string]string{"tcp_ecn": "1"}}, carried{Protocol: "tls", Exchanges: pages}},
	{"paced-cubic-rtt33", "cubic", 33, bottleneck(43, 120*kB), direction{}, setting{Paced: linkRate},
		carried{Exchanges: bulk(6000*kB, 300*kB)}},
	{"paced-page-h2-cubic-rtt65", "cubic", 65, bottleneck(37, 900*kB), direction{}, setting{Paced: linkRate},
		carried{Protocol: "h2", Exchanges: pages}},
	{"paced-low-cubic-rtt17", "cubic", 17, bottleneck(90, 900*kB), direction{}, setting{Paced: 1100 * kB},
		carried{Exchanges: bulk(4000*kB, 200*kB)}},
	{"small-read-buffer-cubic-rtt65", "cubic", 65, bottleneck(60, 900*kB), direction{}, setting{ReadBuffer: 24 * kB},
		carried{Exchanges: bulk(700*kB, 90*kB)}},
	{"small-send-buffer-cubic-rtt85", "cubic", 85, bottleneck(60, 900*kB), direction{}, setting{SendBuffer: 48 * kB},
		carried{Exchanges: bulk(1200*kB, 150*kB)}},
	{"slow-reader-cubic-rtt27", "cubic", 27, bottleneck(75, 900*kB), direction{}, setting{ReadBuffer: 160 * kB},
		carried{ReadBytes: 420 * kB, Exchanges: bulk(2200*kB, 100*kB)}},
	{"stalled-reader-tls-reno-rtt47", "reno", 47, bottleneck(40, 900*kB), direction{}, setting{ReadBuffer: 200 * kB},
		carried{Protocol: "tls", StallAfter: 500 * kB, Stall: 2200 * ms, Exchanges: bulk(1800*kB, 300*kB)}},
	{"no-timestamps-page-cubic-rtt54", "cubic", 54, bottleneck(32, 150*kB), direction{},
		setting{Sysctl: map[string]string{"tcp_timestamps": "0"}}, carried{Exchanges: pages}},
	{"no-timestamps-loss-reno-rtt22", "reno", 22, direction{Mbits: 27, QueueBytes: 90 * kB, Loss: 0.002}, direction{},
		setting{Sysctl: map[string]string{"tcp_timestamps": "0"}}, carried{Exchanges: bulk(3500 * kB)}},
	{"no-sack-page-cubic-rtt33", "cubic", 33, direction{Mbits: 24, QueueBytes: 120 * kB, Loss: 0.004}, direction{},
		setting{Sysctl: map[string]string{"tcp_sack": "0"}}, carried{Exchanges: pages}},
	{"bbr-shallow-rtt38", "bbr", 38, bottleneck(52, 110*kB), direction{}, setting{},
		carried{Exchanges: bulk(7000 * kB)}},

	{"rate-swings-cubic-rtt47", "cubic", 47, direction{Mbits: 17, QueueBytes: 160 * kB, Swing: 0.6, SwingTime: 1500 * ms},
		direction{}, setting{}, carried{Exchanges: bulk(5000 * kB)}},
	{"held-acks-cubic-rtt38", "cubic", 38, bottleneck(46, 240*kB), direction{Hold: 6 * ms}, setting{},
		carried{Exchanges: bulk(5000*kB, 300*kB)}},
}
