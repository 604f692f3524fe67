// Package perfetto writes a report as a trace that Perfetto's viewer opens, for what is too large for a page:
// connections are tracks, grouped by pool, transactions are slices on them, congestion windows are
// counters, and a flow leads from the idle connection that could have served to the one that was opened instead.
//
// The format is Perfetto's TracePacket with TrackEvent and TrackDescriptor (protos/perfetto/trace in its
// sources). Few of their fields are needed: they are written one by one, and a test reads them by the
// definitions themselves. Times are those of the capture, in nanoseconds since 1970.
package perfetto
