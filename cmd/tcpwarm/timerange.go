package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/pflag"

	"tcpwarm/capture/segment"
)

// A timeRange is the part of a capture that is looked at.
type timeRange struct{ since, until instant }

func (r *timeRange) flags(f *pflag.FlagSet) {
	const forms = " (UTC): 16:21:08 on the capture's first day, RFC 3339, or +1.5s after its first packet"
	f.Var(&r.since, "since", "use only packets from this `time` on"+forms)
	f.Var(&r.until, "until", "use only packets before this `time`, written likewise")
}

// given reports whether only a part is looked at.
func (r *timeRange) given() bool { return r.since.text != "" || r.until.text != "" }

// bounds returns when the part begins and ends, of a capture whose first packet was at first.
func (r *timeRange) bounds(first segment.Time) (from, to segment.Time) {
	from, to = 0, 1<<63-1
	if r.since.text != "" {
		from = r.since.at(first)
	}
	if r.until.text != "" {
		to = r.until.at(first)
	}
	return from, to
}

// String says which part it is, behind a filter: "; since 16:21:08".
func (r *timeRange) String() (s string) {
	if r.since.text != "" {
		s += "; since " + r.since.text
	}
	if r.until.text != "" {
		s += "; until " + r.until.text
	}
	return s
}

// An instant is a flag that names a time of a capture.
type instant struct {
	text string                                // as it was given
	at   func(first segment.Time) segment.Time // by the time of the capture's first packet
}

// String is the value that help shows as the default: none.
func (i *instant) String() string { return i.text }

// Type names the flag's values in help.
func (i *instant) Type() string { return "time" }

// Set takes a time.
func (i *instant) Set(s string) error {
	if s != "" && s[0] == '+' {
		d, err := time.ParseDuration(s[1:])
		if err != nil || d < 0 {
			return errors.New("behind + there is a time such as 1.5s or 2m")
		}
		*i = instant{s, func(first segment.Time) segment.Time { return first.Add(d) }}
		return nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05", "2006-01-02T15:04:05", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			*i = instant{s, func(segment.Time) segment.Time { return segment.Time(t.UnixNano()) }}
			return nil
		}
	}
	for _, layout := range []string{"15:04:05", "15:04"} {
		if t, err := time.Parse(layout, s); err == nil {
			clock := t.Sub(t.Truncate(24 * time.Hour))
			*i = instant{s, func(first segment.Time) segment.Time {
				return segment.Time(time.Unix(0, int64(first)).UTC().Truncate(24 * time.Hour).Add(clock).UnixNano())
			}}
			return nil
		}
	}
	return fmt.Errorf("no time; write 16:21:08, 2026-07-03T16:21:08Z or +1.5s")
}

var _ pflag.Value = (*instant)(nil)
