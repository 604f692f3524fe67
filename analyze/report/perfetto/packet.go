package perfetto

import (
	"bufio"
	"encoding/binary"

	"google.golang.org/protobuf/encoding/protowire"

	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/printable"
)

// Numbers of fields, each group a message.
const (
	tracePacket = 1

	packetClocks     = 6
	packetTimestamp  = 8
	packetSequence   = 10
	packetEvent      = 11
	packetFlags      = 13
	packetDescriptor = 60

	snapshotClock   = 1
	snapshotPrimary = 2
	clockID         = 1
	clockTimestamp  = 2

	trackUUID     = 1
	trackName     = 2
	trackParent   = 5
	trackCounter  = 8
	trackOrdering = 11
	trackRank     = 12

	counterUnit = 3

	eventAnnotation = 4
	eventType       = 9
	eventTrack      = 11
	eventCategory   = 22
	eventName       = 23
	eventCounter    = 30
	eventFlow       = 47
	eventFlowEnds   = 48

	annotationInt    = 4
	annotationString = 6
	annotationName   = 10
)

// Values of enumerations.
const (
	sliceBegin    = 1
	sliceEnd      = 2
	instantEvent  = 3
	counterValue  = 4
	orderByTime   = 2 // of children: CHRONOLOGICAL
	orderByRank   = 3 // EXPLICIT
	unitBytes     = 3
	stateCleared  = 1 // nothing that came before is referred to
	clockRealtime = 1
	clockBoottime = 6 // what times are of where nothing is said
)

// sequence is the number of the only sequence of packets.
const sequence = 1

// mostText is how many columns of a name or a sentence are shown.
const mostText = 600

// A track is what a track is described by.
type track struct {
	id, parent uint64
	name       string
	counter    bool  // of bytes
	order      int64 // of its children, 0: as the viewer likes
	rank       int64 // among its siblings, where these have an order by rank
}

// An event is one on a track.
type event struct {
	kind     int64
	track    uint64
	at       report.Instant
	name     string
	category string
	value    int64 // of a counter
	flow     int64 // that leads on from here, 0: none
	flowEnds int64 // that ends here
	notes    []note
}

// A note is an annotation of an event: a text, or where that is empty a number.
type note struct {
	name, text string
	number     int64
}

// A writer writes packets.
type writer struct {
	w       *bufio.Writer // keeps the first error for Flush
	packets int64
	body    []byte // of the packet, and of what is in it
	part    []byte
	inner   []byte
}

func appendInt(b []byte, field protowire.Number, v int64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), uint64(v))
}

func appendBytes(b []byte, field protowire.Number, v []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), v)
}

// appendText appends what may come from a packet.
func appendText(b []byte, field protowire.Number, s string) []byte {
	s = printable.Cut(printable.Clean(s), mostText)
	return protowire.AppendString(protowire.AppendTag(b, field, protowire.BytesType), s)
}

func appendFixed(b []byte, field protowire.Number, v int64) []byte {
	return protowire.AppendFixed64(protowire.AppendTag(b, field, protowire.Fixed64Type), uint64(v))
}

// write writes a packet with one part, which is w.part.
func (w *writer) write(at report.Instant, field protowire.Number) {
	b := appendInt(w.body[:0], packetTimestamp, int64(max(0, at)))
	b = appendInt(b, packetSequence, sequence)
	if w.packets == 0 {
		b = appendInt(b, packetFlags, stateCleared)
	}
	w.packets++
	w.body = appendBytes(b, field, w.part)
	head := binary.AppendUvarint(protowire.AppendTag(w.inner[:0], tracePacket, protowire.BytesType), uint64(len(w.body)))
	w.inner = head
	w.w.Write(head)
	w.w.Write(w.body)
}

// clocks says that the trace's clock shows the time of day.
func (w *writer) clocks(at report.Instant) {
	w.part = w.part[:0]
	for _, id := range []int64{clockBoottime, clockRealtime} {
		w.inner = appendInt(appendInt(w.inner[:0], clockID, id), clockTimestamp, int64(max(0, at)))
		w.part = appendBytes(w.part, snapshotClock, w.inner)
	}
	w.part = appendInt(w.part, snapshotPrimary, clockBoottime)
	w.write(at, packetClocks)
}

// track describes a track.
func (w *writer) track(t track) {
	b := appendInt(w.part[:0], trackUUID, int64(t.id))
	b = appendText(b, trackName, t.name)
	if t.parent != 0 {
		b = appendInt(b, trackParent, int64(t.parent))
	}
	if t.counter {
		b = appendBytes(b, trackCounter, appendInt(w.inner[:0], counterUnit, unitBytes))
	}
	if t.order != 0 {
		b = appendInt(b, trackOrdering, t.order)
	}
	if t.rank != 0 {
		b = appendInt(b, trackRank, t.rank)
	}
	w.part = b
	w.write(0, packetDescriptor)
}

// event writes an event.
func (w *writer) event(e event) {
	b := appendInt(w.part[:0], eventType, e.kind)
	b = appendInt(b, eventTrack, int64(e.track))
	if e.name != "" {
		b = appendText(b, eventName, e.name)
	}
	if e.category != "" {
		b = appendText(b, eventCategory, e.category)
	}
	if e.kind == counterValue {
		b = appendInt(b, eventCounter, e.value)
	}
	if e.flow != 0 {
		b = appendFixed(b, eventFlow, e.flow)
	}
	if e.flowEnds != 0 {
		b = appendFixed(b, eventFlowEnds, e.flowEnds)
	}
	for _, n := range e.notes {
		in := appendText(w.inner[:0], annotationName, n.name)
		if n.text != "" {
			in = appendText(in, annotationString, n.text)
		} else {
			in = appendInt(in, annotationInt, n.number)
		}
		w.inner = in
		b = appendBytes(b, eventAnnotation, in)
	}
	w.part = b
	w.write(e.at, packetEvent)
}

// slice writes a slice that has nothing in it.
func (w *writer) slice(from, to report.Instant, e event) {
	e.kind, e.at = sliceBegin, from
	w.event(e)
	w.end(e.track, to)
}

// end ends the slice that was begun last on a track.
func (w *writer) end(track uint64, at report.Instant) {
	w.event(event{kind: sliceEnd, track: track, at: at})
}
