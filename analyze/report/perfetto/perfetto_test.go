package perfetto

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/printable"
	"tcpwarm/analyze/report/reporttest"
	"tcpwarm/capture/segment"
)

// definitions are Perfetto's own, of its version 59.1 (Apache License 2.0): perfetto_trace.proto as protoc has
// compiled it for Perfetto's package for Python.
func definitions(t *testing.T) protoreflect.MessageDescriptor {
	t.Helper()
	f, err := os.Open("testdata/perfetto_trace.descriptor.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	var file descriptorpb.FileDescriptorProto
	if err := proto.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	d, err := protodesc.NewFile(&file, nil)
	if err != nil {
		t.Fatal(err)
	}
	return d.Messages().ByName("Trace")
}

// A decoded is a trace as Perfetto's definitions read it.
type decoded struct {
	t      *testing.T
	tracks map[uint64]protoreflect.Message
	events []protoreflect.Message // packets with a track event
	clocks int
}

// field is a field of a message by its name.
func field(m protoreflect.Message, name string) protoreflect.Value {
	return m.Get(m.Descriptor().Fields().ByName(protoreflect.Name(name)))
}

func has(m protoreflect.Message, name string) bool {
	return m.Has(m.Descriptor().Fields().ByName(protoreflect.Name(name)))
}

// noUnknown complains of fields that the definitions do not have, or have of another type.
func (d *decoded) noUnknown(m protoreflect.Message) {
	if len(m.GetUnknown()) > 0 {
		d.t.Errorf("%s has unknown fields: % x", m.Descriptor().FullName(), m.GetUnknown())
	}
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.Kind() != protoreflect.MessageKind:
		case f.IsList():
			for i := range v.List().Len() {
				d.noUnknown(v.List().Get(i).Message())
			}
		default:
			d.noUnknown(v.Message())
		}
		return true
	})
}

func decode(t *testing.T, r *report.Report) *decoded {
	t.Helper()
	var out bytes.Buffer
	if err := Write(&out, r); err != nil {
		t.Fatal(err)
	}
	m := dynamicpb.NewMessage(definitions(t))
	if err := proto.Unmarshal(out.Bytes(), m); err != nil {
		t.Fatal(err)
	}
	d := &decoded{t: t, tracks: map[uint64]protoreflect.Message{}}
	d.noUnknown(m)
	list := field(m, "packet").List()
	for i := range list.Len() {
		p := list.Get(i).Message()
		if field(p, "trusted_packet_sequence_id").Uint() == 0 || (i == 0) != has(p, "sequence_flags") {
			t.Errorf("packet %d is of no sequence, or begins one", i)
		}
		switch {
		case has(p, "track_descriptor"):
			x := field(p, "track_descriptor").Message()
			id := field(x, "uuid").Uint()
			if d.tracks[id] != nil || id == 0 {
				t.Errorf("track %x is described twice, or has no number", id)
			}
			d.tracks[id] = x
			if parent := field(x, "parent_uuid").Uint(); parent != 0 && d.tracks[parent] == nil {
				t.Errorf("the parent of track %x comes after it", id)
			}
		case has(p, "track_event"):
			d.events = append(d.events, p)
		case has(p, "clock_snapshot"):
			d.clocks++
		}
	}
	d.nested()
	return d
}

// nested complains where slices are not within each other, events of a track go back in time, or are
// on one that is not described.
func (d *decoded) nested() {
	depth, last := map[uint64]int{}, map[uint64]uint64{}
	for _, p := range d.events {
		e, at := field(p, "track_event").Message(), field(p, "timestamp").Uint()
		id := field(e, "track_uuid").Uint()
		if d.tracks[id] == nil {
			d.t.Errorf("an event is on track %x, which is not there", id)
		}
		if kind(e) == "TYPE_INSTANT" { // they are written before the slices that they are within
			continue
		}
		if at < last[id] {
			d.t.Errorf("track %x goes back by %d ns", id, last[id]-at)
		}
		last[id] = at
		switch kind(e) {
		case "TYPE_SLICE_BEGIN":
			depth[id]++
		case "TYPE_SLICE_END":
			if depth[id]--; depth[id] < 0 {
				d.t.Errorf("a slice ends on track %x that has not begun", id)
			}
		case "TYPE_COUNTER":
			if !has(d.tracks[id], "counter") || !has(e, "counter_value") {
				d.t.Errorf("track %x is no counter, or there is no value", id)
			}
		}
	}
	for id, n := range depth {
		if n != 0 {
			d.t.Errorf("on track %x %d slices have no end", id, n)
		}
	}
}

func kind(e protoreflect.Message) string {
	f := e.Descriptor().Fields().ByName("type")
	return string(f.Enum().Values().ByNumber(e.Get(f).Enum()).Name())
}

// lines tells events of a category in words, for comparison: the track's name, when after the stories' zero, what.
func (d *decoded) lines(category string) (lines []string) {
	for _, p := range d.events {
		e := field(p, "track_event").Message()
		list := field(e, "categories").List()
		if list.Len() != 1 || list.Get(0).String() != category {
			continue
		}
		at := time.Duration(field(p, "timestamp").Uint() - uint64(reporttest.Zero))
		s := fmt.Sprintf("%s: %v %s", field(d.tracks[field(e, "track_uuid").Uint()], "name"), at, field(e, "name"))
		for _, name := range []string{"flow_ids", "terminating_flow_ids"} {
			for i := range field(e, name).List().Len() {
				s += fmt.Sprintf(" %s=%d", name, field(e, name).List().Get(i).Uint())
			}
		}
		lines = append(lines, s)
	}
	return lines
}

// ms is a number of milliseconds.
func ms(n int) time.Duration { return time.Duration(n) * time.Millisecond }

// twoConnections is a report of a connection that could have served, one that was opened instead, and one of
// HTTP/2 that carries three requests at once.
func twoConnections() *report.Report {
	one := reporttest.NewConn(1, 0, ms(100), "client").Get(ms(1), ms(2), ms(3), "/a").Get(ms(10), ms(2), ms(3), "/b")
	two := reporttest.NewConn(2, ms(40), ms(90), "server").Get(ms(41), ms(2), ms(3), "/c").
		Opened(pool.Missed, 1, "it was idle", "they are two programs", 7, 6)
	three := reporttest.NewConn(3, 0, ms(50), "client").Get(ms(1), ms(9), ms(10), "/1").Get(ms(2), ms(1), ms(1), "/2").
		Get(ms(3), ms(1), ms(4), "/3").Get(ms(30), ms(1), ms(1), "/4")
	three.Protocol = "http/2"
	three.ServerToClient.Window = &report.HalfWindow{Basis: "observed", Initial: 14600, Max: 58400, Phases: []report.WindowPhase{
		{Phase: "slow-start", Start: report.Seconds(ms(5)), End: report.Seconds(ms(15)), From: 14600, To: 58400},
		{Phase: "not-limited", Start: report.Seconds(ms(15)), End: report.Seconds(ms(20)), From: 58400, To: 58400},
		{Phase: "recovery", Start: report.Seconds(ms(22)), End: report.Seconds(ms(30)), From: 29200, To: 30000},
	}}
	one.ServerToClient.Window = &report.HalfWindow{Basis: "assumed", Initial: 14600, Max: 14600,
		Phases: []report.WindowPhase{{Phase: "slow-start", From: 14600, To: 14600}}}
	start, end := reporttest.Zero, reporttest.At(ms(200))
	return &report.Report{Verdict: pool.PartlyReused, Capture: report.Capture{Start: &start, End: &end, Packets: 30},
		Connections: []*report.Connection{one.Connection, two.Connection, three.Connection},
		Pools: []*report.Pool{{ID: 1, Client: "127.0.0.1", Server: []string{"127.0.0.1:8080"}, Verdict: pool.PartlyReused, Avoidable: 1,
			Used: 3, Transactions: 7, Causes: map[pool.Cause]int64{pool.Missed: 1}}},
		Findings: []report.Finding{{ID: "idle-timeout", Title: "closes", Text: "after 1 s", Pool: 1}}}
}

// Connections are tracks in their pool's, transactions slices that do not overlap, and a flow leads from
// the idle connection to the one opened instead.
func TestTrace(t *testing.T) {
	d := decode(t, twoConnections())
	for category, want := range map[string][]string{
		"verdict": {"tcpwarm: partly-reused: 0s partly-reused"},
		"pool":    {"127.0.0.1 > 127.0.0.1:8080: 0s partly-reused: 1 too many"},
		"missed":  {"#1 127.0.0.1:40001: 40ms #2 was opened instead flow_ids=2"},
		"idle": {"#1 127.0.0.1:40001: 6ms idle", "#1 127.0.0.1:40001: 15ms idle",
			"#2 127.0.0.1:40002: 46ms idle"},
	} {
		if got := d.lines(category); !slices.Equal(got, want) {
			t.Errorf("%s: %q", category, got)
		}
	}
	conns := strings.Join(d.lines("connection"), "\n")
	if want := "#2 127.0.0.1:40002: 40ms #2 missed terminating_flow_ids=2"; !strings.Contains(conns, want) {
		t.Errorf("%s", conns)
	}
	if n := strings.Count(conns, "handshake"); n != 3 {
		t.Errorf("%d handshakes in %s", n, conns)
	}
	spent := strings.Join(d.lines("transaction"), "\n")
	for _, want := range []string{
		"#1 127.0.0.1:40001: 1ms GET /a\n#1 127.0.0.1:40001: 1ms waiting\n#1 127.0.0.1:40001: 3ms receiving\n",
		"#3 127.0.0.1:40003: 1ms GET /1\n", "#3, at the same time (1): 2ms GET /2\n",
		"#3, at the same time (2): 3ms GET /3\n", "#3 127.0.0.1:40003: 30ms GET /4\n",
	} {
		if !strings.Contains(spent+"\n", want) {
			t.Errorf("%q is missing in\n%s", want, spent)
		}
	}
	if d.clocks != 1 {
		t.Errorf("%d snapshots of clocks", d.clocks)
	}
}

// The window is a counter of bytes with the values of its phases, where there is more to it than what senders begin
// with.
func TestWindow(t *testing.T) {
	d := decode(t, twoConnections())
	var got []string
	for _, p := range d.events {
		if e := field(p, "track_event").Message(); kind(e) == "TYPE_COUNTER" {
			x := d.tracks[field(e, "track_uuid").Uint()]
			got = append(got, fmt.Sprintf("%s %v %d", field(x, "name"),
				time.Duration(field(p, "timestamp").Uint()-uint64(reporttest.Zero)), field(e, "counter_value").Int()))
			if unit := field(field(x, "counter").Message(), "unit").Enum(); unit != 3 { // UNIT_SIZE_BYTES
				t.Errorf("unit %d", unit)
			}
		}
	}
	const name = "#3 window, server to client "
	if want := []string{name + "5ms 14600", name + "15ms 58400", name + "22ms 29200", name + "30ms 30000"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// What was not asked for, or is not judged, is left out; what is in no pool is not.
func TestOthersAreLeftOut(t *testing.T) {
	r := twoConnections()
	r.Connections[0].Other = true
	r.Pools = append(r.Pools, &report.Pool{ID: 2, Other: true})
	r.Connections[1].Pool, r.Connections[2].Pool = 2, 7
	d := decode(t, r)
	if got := d.lines("connection"); len(got) != 2 || !strings.Contains(got[0], "#3") {
		t.Errorf("%q", got)
	}
	if len(d.lines("missed")) != 0 {
		t.Errorf("%q", d.lines("missed"))
	}
}

// What came from packets is shown, not obeyed, and has its bounds; times and counts of any size make no slice end
// before it begins.
func TestHostile(t *testing.T) {
	const hostile = "<script>\x1b[31m\u202e\x00\xff"
	r := twoConnections()
	for _, c := range r.Connections {
		c.Client, c.Server, c.Name, c.Protocol = hostile, hostile, hostile, hostile
		for _, x := range c.Transactions {
			x.Method, x.Target = hostile, strings.Repeat(hostile, 1000)
		}
	}
	negative := report.Seconds(-time.Hour)
	r.Connections[2].Transactions[0].Wait, r.Connections[2].Transactions[1].Duration = &negative, &negative
	r.Connections[1].Start, r.Connections[1].Closed.At = report.Instant(segment.Latest), nil
	r.Connections[1].ID = 1<<62 + 5
	r.Pools[0].Client, r.Pools[0].Name, r.Pools[0].UserAgent = hostile, hostile, hostile
	r.Findings[0].ID, r.Findings[0].Text, r.Verdict = hostile, hostile, hostile
	d := decode(t, r)
	texts := 0
	var walk func(protoreflect.Message)
	walk = func(m protoreflect.Message) {
		m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
			switch {
			case f.Kind() == protoreflect.MessageKind && f.IsList():
				for i := range v.List().Len() {
					walk(v.List().Get(i).Message())
				}
			case f.Kind() == protoreflect.MessageKind:
				walk(v.Message())
			case f.Kind() == protoreflect.StringKind && !f.IsList():
				if texts++; v.String() != printable.Clean(v.String()) || printable.Columns(v.String()) > mostText {
					t.Errorf("%s: %q", f.FullName(), v.String())
				}
			}
			return true
		})
	}
	for _, x := range d.tracks {
		walk(x)
	}
	for _, e := range d.events {
		walk(e)
	}
	if texts < 50 {
		t.Errorf("%d texts", texts)
	}
}

// Whatever there is to tell, the trace is whole: each connection has its slice, each transaction its own.
func TestSamples(t *testing.T) {
	for name, r := range reporttest.Samples() {
		d := decode(t, r)
		conns, transactions := 0, 0
		for _, c := range r.Connections {
			conns++
			transactions += len(c.Judged())
		}
		for _, p := range d.events {
			e := field(p, "track_event").Message()
			if kind(e) != "TYPE_SLICE_BEGIN" {
				continue
			}
			switch text := field(e, "name").String(); {
			case field(e, "categories").List().Get(0).String() == "connection" && text != "handshake":
				conns--
			case field(e, "categories").List().Get(0).String() == "transaction" && text != "waiting" && text != "receiving":
				transactions--
			}
		}
		if conns != 0 || transactions != 0 {
			t.Errorf("%s: %d connections and %d transactions are missing", name, conns, transactions)
		}
	}
}

// The numbers of enumerations mean what they are called.
func TestEnumerations(t *testing.T) {
	file := definitions(t).ParentFile()
	for name, want := range map[string]int32{
		"TrackDescriptor.ChildTracksOrdering.CHRONOLOGICAL": orderByTime, "TrackDescriptor.ChildTracksOrdering.EXPLICIT": orderByRank,
		"CounterDescriptor.Unit.UNIT_SIZE_BYTES": unitBytes, "TracePacket.SequenceFlags.SEQ_INCREMENTAL_STATE_CLEARED": stateCleared,
		"TrackEvent.Type.TYPE_SLICE_BEGIN": sliceBegin, "TrackEvent.Type.TYPE_SLICE_END": sliceEnd,
		"TrackEvent.Type.TYPE_INSTANT": instantEvent, "TrackEvent.Type.TYPE_COUNTER": counterValue,
	} {
		part := strings.Split(name, ".")
		e := file.Messages().ByName(protoreflect.Name(part[0])).Enums().ByName(protoreflect.Name(part[1]))
		v := e.Values().ByName(protoreflect.Name(part[2]))
		if v == nil || int32(v.Number()) != want {
			t.Errorf("%s is %v, want %d", name, v, want)
		}
	}
	clocks := file.Enums().ByName("BuiltinClock").Values()
	if clocks.ByName("BUILTIN_CLOCK_REALTIME").Number() != clockRealtime || clocks.ByName("BUILTIN_CLOCK_BOOTTIME").Number() != clockBoottime {
		t.Error("clocks have other numbers")
	}
}

// An error of the file comes back.
func TestWriteError(t *testing.T) {
	if err := Write(broken{}, twoConnections()); err != io.ErrClosedPipe {
		t.Errorf("%v", err)
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }
